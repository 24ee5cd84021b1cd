import { describe, expect, it } from 'vitest'
import { parseProcessors } from '../../../../src/testing/machine/linux.js'
import { parseMounts } from '../../../../src/testing/machine/linux-disks.js'
import { parseIpv6Routes, parseResolver, parseRoutes } from '../../../../src/testing/machine/linux-network.js'
import { basePriority } from '../../../../src/testing/machine/os-facts.js'
import { macAddress } from '../../../../src/testing/machine/portable-network.js'
import { leadingInteger, parseFields } from '../../../../src/testing/machine/system-files.js'

describe('parseMounts', () => {
  it('decodes names and keeps the visible mount of each point', () => {
    const text = `/dev/vda1 / ext4 rw,relatime 0 0
tmpfs /run tmpfs rw,nosuid 0 0
//server/my\\040share /mnt/a\\134b\\040c cifs ro,vers=3.0 0 0
/dev/vdb1 /run xfs rw 0 0
`
    expect(parseMounts(text)).toEqual([
      { source: '/dev/vda1', point: '/', type: 'ext4', readOnly: false },
      { source: '//server/my share', point: '/mnt/a\\b c', type: 'cifs', readOnly: true },
      { source: '/dev/vdb1', point: '/run', type: 'xfs', readOnly: false },
    ])
  })
})

describe('routes', () => {
  it('finds IPv4 gateways', () => {
    const text = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
tun0\t00000000\t00000000\t0001\t0\t0\t50\t00000000\t0\t0\t0
tun0\t00000000\t01000A0A\t0003\t0\t0\t50\t00000080\t0\t0\t0
`
    expect(parseRoutes(text)).toEqual([{ device: 'eth0', gateway: '192.168.1.1', metric: 100 }])
  })

  it('finds IPv6 gateways', () => {
    const zero = '0'.repeat(32)
    const text = `fd000000000000000000000000000000 40 ${zero} 00 ${zero} 00000100 00000002 00000000 00000001     eth0
${zero} 00 ${zero} 00 fe8000000000000000000000000000fe 00000400 00000003 00000000 00000003     eth0
${zero} 00 ${zero} 00 ${zero} ffffffff 00000001 00000000 00200200       lo
`
    expect(parseIpv6Routes(text)).toEqual([{ device: 'eth0', gateway: 'fe80::fe', metric: 1024 }])
  })
})

describe('parseResolver', () => {
  it('reads servers and the last search list', () => {
    const text =
      '# made by hand\nnameserver 10.0.0.1\nsearch old.example\nnameserver ::1\nsearch a.example b.example\noptions edns0\n'
    expect(parseResolver(text)).toEqual({
      DNSServerSearchOrder: ['10.0.0.1', '::1'],
      DNSDomainSuffixSearchOrder: ['a.example', 'b.example'],
    })
    expect(parseResolver('')).toEqual({})
  })
})

describe('parseProcessors', () => {
  it('counts sockets and sees a hypervisor', () => {
    const text = ['0', '0', '1', '1']
      .map((id) => `physical id\t: ${id}\nflags\t\t: fpu hypervisor sse\n`)
      .join('\n')
    expect(parseProcessors(text)).toEqual({ NumberOfProcessors: 2, HypervisorPresent: true })
    expect(parseProcessors('flags\t\t: fpu sse\n')).toEqual({ HypervisorPresent: false })
    expect(parseProcessors('processor\t: 0\nFeatures\t: fp asimd\n')).toEqual({})
  })
})

describe('small formats', () => {
  it('reads fields with and without quotes', () => {
    expect([...parseFields('NAME="Debian GNU/Linux"\nID=debian\n\n# x\nURL=\'a=b\'', '=')]).toEqual([
      ['NAME', 'Debian GNU/Linux'],
      ['ID', 'debian'],
      ['URL', 'a=b'],
    ])
    expect(leadingInteger('  12 kB'.trim())).toBe(12n)
    expect(leadingInteger('unlimited')).toBeUndefined()
    expect(leadingInteger(undefined)).toBeUndefined()
  })

  it.each([
    ['02:fc:00:00:00:01', '02:FC:00:00:00:01'],
    ['00:00:00:00:00:00', undefined],
    ['', undefined],
    [undefined, undefined],
    ['80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:01:02:03', undefined],
  ])('writes the address %s as %s', (address, expected) => {
    expect(macAddress(address)).toBe(expected)
  })

  it.each([
    [-20, 24],
    [-14, 13],
    [-7, 10],
    [-1, 8],
    [0, 8],
    [10, 6],
    [19, 4],
  ])('niceness %i is base priority %i', (niceness, priority) => {
    expect(basePriority(niceness)).toBe(priority)
  })
})
