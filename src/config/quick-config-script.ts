import { powershellLiteral } from '../util/powershell-literal.js'
import {
  DEFAULT_PORTS,
  resolveQuickConfig,
  type QuickConfigOptions,
  type ResolvedQuickConfig,
} from './quick-config-options.js'

/**
 * A script that sets a host up for WinRM which cannot be reached yet: what `client.config.quickConfig` plans, done on the
 * host. For Windows PowerShell 3.0 to 5.1, run by an administrator: from a file, through a deployment tool, or pasted. It
 * looks first, stops before it changes settings where something is in the way, says what it does, and does nothing where
 * nothing is to be done. ASCII, lines ended by LF.
 * @throws UsageError for options that are unknown or malformed
 * @example
 * writeFileSync('winrm.ps1', quickConfigScript({ transport: 'HTTPS' }))
 * // powershell.exe -ExecutionPolicy Bypass -File winrm.ps1
 */
export function quickConfigScript(options: QuickConfigOptions = {}): string {
  const wanted = resolveQuickConfig(options)
  const parts = [
    parameters(wanted),
    SERVICE,
    LISTENER,
    wanted.transport === 'HTTPS' ? CERTIFICATE : '',
    FIREWALL_STATE,
    LISTENER_CHANGES,
    FIREWALL_CHANGES,
    wanted.localAccountTokenFilterPolicy ? TOKEN_FILTER : '',
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

/** The only part that differs from script to script. */
function parameters(wanted: ResolvedQuickConfig): string {
  const literal = (text: string | undefined): string =>
    text === undefined ? '$null' : powershellLiteral(text)
  return [
    `# Sets up Windows Remote Management over ${wanted.transport}.`,
    "$ErrorActionPreference = 'Stop'",
    `$transport = ${literal(wanted.transport)}`,
    `$port = ${wanted.port ?? '$null'}`,
    `$defaultPort = ${DEFAULT_PORTS[wanted.transport]}`,
    `$hostname = ${literal(wanted.hostname)}`,
    `$thumbprint = ${literal(wanted.certificateThumbprint)}`,
    `$skipNetworkProfileCheck = $${wanted.skipNetworkProfileCheck}`,
  ].join('\n')
}

const SERVICE = String.raw`
$identity = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
if (-not $identity.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
    throw 'Run this script as an administrator.'
}

$service = Get-WmiObject -Class Win32_Service -Filter "Name='WinRM'"
if ($service.StartMode -ne 'Auto') {
    $null = & "$env:SystemRoot\System32\sc.exe" config WinRM start= delayed-auto
    if ($LASTEXITCODE -ne 0) { throw "sc.exe could not change the start of the service WinRM: $LASTEXITCODE." }
    Write-Output 'The service WinRM starts automatically, delayed.'
}
if ($service.State -ne 'Running') {
    Start-Service -Name WinRM
    Write-Output 'The service WinRM is started.'
}
`.trim()

const LISTENER = String.raw`
$listener = Get-WSManInstance -ResourceURI 'winrm/config/Listener' -Enumerate |
    Where-Object { $_.Address -eq '*' -and $_.Transport -eq $transport } |
    Select-Object -First 1
$values = @{ Enabled = 'true' }
if ($null -ne $port) { $values['Port'] = "$port" }
elseif ($null -eq $listener) { $values['Port'] = "$defaultPort" }
if ($null -ne $hostname) { $values['Hostname'] = $hostname }
if ($null -ne $thumbprint) { $values['CertificateThumbprint'] = $thumbprint }
$listeningPort = $defaultPort
if ($null -ne $port) { $listeningPort = $port }
elseif ($null -ne $listener) { $listeningPort = [int]$listener.Port }
`.trim()

const CERTIFICATE = String.raw`
if ($null -eq $hostname -and ($null -eq $listener -or $null -ne $thumbprint)) {
    $system = Get-WmiObject -Class Win32_ComputerSystem
    $hostname = $system.DNSHostName
    if ($system.PartOfDomain) { $hostname = $hostname + '.' + $system.Domain }
    $values['Hostname'] = $hostname
}
if ($null -ne $thumbprint) {
    if (-not (Test-Path -LiteralPath "Cert:\LocalMachine\My\$thumbprint")) {
        throw "The certificate $thumbprint is not in the store of the local machine."
    }
}
elseif ($null -eq $listener) {
    $now = Get-Date
    $complaints = @()
    $usable = @()
    foreach ($candidate in @(Get-ChildItem -Path 'Cert:\LocalMachine\My')) {
        $usages = @($candidate.EnhancedKeyUsageList | ForEach-Object { $_.ObjectId })
        $names = @($candidate.DnsNameList | ForEach-Object { $_.Unicode })
        $names += $candidate.GetNameInfo('SimpleName', $false)
        $domain = '*' + $hostname.Substring([Math]::Max(0, $hostname.IndexOf('.')))
        $wrong = @()
        if (-not $candidate.HasPrivateKey) { $wrong += 'it has no private key' }
        if ($candidate.NotAfter -le $now) { $wrong += 'it has expired' }
        if ($candidate.NotBefore -gt $now) { $wrong += 'it is not valid yet' }
        if ($usages.Count -gt 0 -and $usages -notcontains '1.3.6.1.5.5.7.3.1') {
            $wrong += 'it is not for server authentication'
        }
        if ($candidate.Subject -eq $candidate.Issuer) { $wrong += 'it is self-signed' }
        if ($names -notcontains $hostname -and ($names -notcontains $domain -or $domain -notlike '[*].*')) {
            $wrong += "it is not for the name $hostname"
        }
        if ($wrong.Count -eq 0) { $usable += $candidate }
        else { $complaints += $candidate.Thumbprint + ': ' + ($wrong -join ', ') }
    }
    $best = $usable | Sort-Object -Property NotAfter -Descending | Select-Object -First 1
    if ($null -eq $best) {
        throw "No certificate of this machine can be used for the name $hostname. $($complaints -join '; ')"
    }
    $values['CertificateThumbprint'] = $best.Thumbprint
}
`.trim()

const FIREWALL_STATE = String.raw`
$profileOf = @{ DomainAuthenticated = 'Domain'; Private = 'Private'; Public = 'Public' }
$bitOf = @{ Domain = 1; Private = 2; Public = 4 }
$hasFirewallModule = $null -ne (Get-Command -Name Get-NetFirewallRule -ErrorAction SilentlyContinue)
$rules = @()
$closed = @()
if ($hasFirewallModule) {
    $filters = @(Get-NetFirewallPortFilter -Protocol TCP | Where-Object {
        $isOurs = $false
        foreach ($range in @($_.LocalPort)) {
            if ($range -match '^(\d+)(-(\d+))?$') {
                $first = [int]$Matches[1]
                $last = $first
                if ($Matches[3]) { $last = [int]$Matches[3] }
                if ($first -le $listeningPort -and $listeningPort -le $last) { $isOurs = $true }
            }
        }
        $isOurs
    })
    $rules = @($filters | Get-NetFirewallRule | Where-Object {
        $_.Direction -eq 'Inbound' -and $_.Action -eq 'Allow' -and
        @('Any', 'System') -contains ($_ | Get-NetFirewallApplicationFilter).Program
    })
    foreach ($category in @(Get-NetConnectionProfile | ForEach-Object { "$($_.NetworkCategory)" } | Select-Object -Unique)) {
        $name = $profileOf[$category]
        $bit = $bitOf[$name]
        $open = @($rules | Where-Object {
            $_.Enabled -eq 'True' -and ([int]$_.Profiles -eq 0 -or ([int]$_.Profiles -band $bit) -ne 0)
        })
        if ($open.Count -eq 0) { $closed += $name }
    }
    if ($closed -contains 'Public' -and -not $skipNetworkProfileCheck) {
        throw "A network of this machine is public, and port $listeningPort would be opened there, too. Make the network private, or skip this check."
    }
}
`.trim()

const LISTENER_CHANGES = String.raw`
$selectors = @{ Address = '*'; Transport = $transport }
if ($null -eq $listener) {
    $values.Remove('Enabled')
    $null = New-WSManInstance -ResourceURI 'winrm/config/Listener' -SelectorSet $selectors -ValueSet $values
    Write-Output "WinRM listens for $transport on port $listeningPort."
}
else {
    $changes = @{}
    foreach ($name in @($values.Keys)) {
        if ("$($listener.$name)" -ne "$($values[$name])") { $changes[$name] = $values[$name] }
    }
    if ($changes.Count -gt 0) {
        $null = Set-WSManInstance -ResourceURI 'winrm/config/Listener' -SelectorSet $selectors -ValueSet $changes
        Write-Output "The listener for $transport is changed: $(@($changes.Keys) -join ', ')."
    }
}
`.trim()

const FIREWALL_CHANGES = String.raw`
foreach ($name in $closed) {
    $bit = $bitOf[$name]
    $rule = $rules |
        Where-Object { $_.Enabled -ne 'True' -and ([int]$_.Profiles -eq 0 -or ([int]$_.Profiles -band $bit) -ne 0) } |
        Sort-Object -Property @{ Expression = { $_.RuleGroup -ne '@FirewallAPI.dll,-30267' } } |
        Select-Object -First 1
    if ($null -ne $rule) {
        Enable-NetFirewallRule -Name $rule.InstanceID
        Write-Output "The firewall rule $($rule.InstanceID) is enabled."
    }
    else {
        $source = 'Any'
        if ($name -eq 'Public') { $source = 'LocalSubnet' }
        $ruleName = "WINRM-$transport-In-TCP-$listeningPort-$name"
        $null = New-NetFirewallRule -Name $ruleName -DisplayName "Windows Remote Management ($transport-In, port $listeningPort, $name)" -Direction Inbound -Action Allow -Protocol TCP -LocalPort $listeningPort -Profile $name -RemoteAddress $source
        Write-Output "The firewall rule $ruleName is added."
    }
}
if (-not $hasFirewallModule) {
    $ruleName = "WINRM-$transport-In-TCP-$listeningPort"
    $netsh = "$env:SystemRoot\System32\netsh.exe"
    $null = & $netsh advfirewall firewall show rule "name=$ruleName"
    if ($LASTEXITCODE -ne 0) {
        $null = & $netsh advfirewall firewall add rule "name=$ruleName" dir=in action=allow protocol=TCP "localport=$listeningPort" 'profile=domain,private'
        if ($LASTEXITCODE -ne 0) { throw "netsh could not add the firewall rule $ruleName." }
        Write-Output "The firewall rule $ruleName is added."
    }
}
`.trim()

const TOKEN_FILTER = String.raw`
$policy = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System'
$current = Get-ItemProperty -Path $policy -Name LocalAccountTokenFilterPolicy -ErrorAction SilentlyContinue
if ($null -eq $current -or $current.LocalAccountTokenFilterPolicy -ne 1) {
    $null = New-ItemProperty -Path $policy -Name LocalAccountTokenFilterPolicy -Value 1 -PropertyType DWord -Force
    Write-Output 'Local administrators have their rights over the network.'
}
`.trim()
