import type { Duplex } from 'node:stream'
import { hex } from '../hex.js'
import { RecordReader } from './tls-pipe.js'

/** Asks for TLS and CredSSP (MS-RDPBCGR 2.2.1.1), which the server grants. @returns what TLS is read from */
export async function askForCredSsp(socket: Duplex): Promise<RecordReader> {
  const reader = new RecordReader(socket)
  socket.write(hex('03 00 00 13 0e e0 00 00 00 00 00 01 00 08 00 03 00 00 00'))
  const confirm = await readTpkt(reader)
  if (confirm.readUInt32LE(confirm.length - 4) !== 2) throw new Error('the server does not want CredSSP')
  return reader
}

/** Grants TLS and CredSSP (MS-RDPBCGR 2.2.1.2). */
export async function grantCredSsp(socket: Duplex): Promise<RecordReader> {
  const reader = new RecordReader(socket)
  await readTpkt(reader)
  socket.write(hex('03 00 00 13 0e d0 00 00 12 34 00 02 00 08 00 02 00 00 00'))
  return reader
}

async function readTpkt(reader: RecordReader): Promise<Buffer> {
  const header = await reader.readOctets(4)
  return reader.readOctets(header.readUInt16BE(2) - 4)
}
