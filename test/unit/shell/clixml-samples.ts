/** Standard error of PowerShell as it is on the wire: one line, CR LF written as an escape (MS-PSRP 2.2.5). */
export const HEADER = '#< CLIXML\r\n'
const ROOT = '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">'

export const objs = (...items: readonly string[]): string => `${ROOT}${items.join('')}</Objs>`

/** The lines of an error as the console formats it, each a string of its own, and the blank one after it. */
export const errorItems = (...lines: readonly string[]): string =>
  [...lines, ' '].map((line) => `<S S="Error">${line}_x000D__x000A_</S>`).join('')

export const NOT_FOUND = errorItems(
  "Get-Item : Cannot find path 'C:\\none' because it does not exist.",
  'At line:1 char:1',
  '+ Get-Item C:\\none',
  '+ ~~~~~~~~~~~~~~~~',
  '    + CategoryInfo          : ObjectNotFound: (C:\\none:String) [Get-Item], ItemNotFoundException',
  '    + FullyQualifiedErrorId : PathNotFound,Microsoft.PowerShell.Commands.GetItemCommand',
)

/** What every first use of a module brings. */
export const PREPARING =
  '<Obj S="progress" RefId="0"><TN RefId="0"><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN>' +
  '<MS><I64 N="SourceId">1</I64><PR N="Record"><AV>Preparing modules for first use.</AV><AI>0</AI><Nil />' +
  '<PI>-1</PI><PC>-1</PC><T>Completed</T><SR>-1</SR><SD> </SD></PR></MS></Obj>'

export const COPYING =
  '<Obj S="progress" RefId="1"><TNRef RefId="0" /><MS><I64 N="SourceId">2</I64><PR N="Record"><AV>Copying</AV><AI>7</AI>' +
  '<S>sample_x002E_txt</S><PI>3</PI><PC>40</PC><T>Processing</T><SR>12</SR><SD>35 of 50 items</SD></PR></MS></Obj>'

/** Progress as remoting writes it (MS-PSRP 2.2.5.1.25). */
export const REMOTE_PROGRESS =
  '<Obj S="progress" RefId="0"><MS><S N="Activity">Activity Name</S><I32 N="ActivityId">4</I32>' +
  '<S N="StatusDescription">Good</S><S N="CurrentOperation">Down loading</S><I32 N="ParentActivityId">-1</I32>' +
  '<I32 N="PercentComplete">20</I32><Obj N="Type" RefId="1"><TN RefId="0">' +
  '<T>System.Management.Automation.ProgressRecordType</T><T>System.Enum</T><T>System.ValueType</T><T>System.Object</T>' +
  '</TN><ToString>Processing</ToString><I32>0</I32></Obj><I32 N="SecondsRemaining">30</I32></MS></Obj>'

/** MS-PSRP 2.2.5.1.26. */
export const INFORMATION =
  '<Obj S="information" RefId="0"><TN RefId="0"><T>System.Management.Automation.InformationRecord</T><T>System.Object</T></TN>' +
  '<ToString>Information Data</ToString><Props><S N="MessageData">Information Data</S><S N="Source">Write-Information</S>' +
  '<DT N="TimeGenerated">2015-03-09T11:00:06.7899543-07:00</DT><Obj N="Tags" RefId="1"><TN RefId="1">' +
  '<T>System.Collections.Generic.List`1[[System.String, mscorlib]]</T><T>System.Object</T></TN><LST><S>one</S><S>two</S></LST></Obj>' +
  '<S N="User">DOMAIN\\UserName</S><S N="Computer">ComputerFQID</S><U32 N="ProcessId">64332</U32></Props>' +
  '<MS><B N="WriteInformationStream">true</B></MS></Obj>'

/** An error record that was serialized as an object, as with -OutputFormat XML. */
export const ERROR_OBJECT =
  '<Obj S="Error" RefId="0"><TN RefId="0"><T>System.Management.Automation.ErrorRecord</T><T>System.Object</T></TN>' +
  '<ToString>Attempted to divide by zero.</ToString><Props><S N="FullyQualifiedErrorId">RuntimeException</S></Props></Obj>'

export const message = (stream: string, text: string): string => `<S S="${stream}">${text}</S>`
