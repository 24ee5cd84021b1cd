/** A class in CIM-XML as WMI writes it (DSP0201 3.2.4.1); every type, each once and as an array. */
export const EVERYTHING = `<CLASS NAME="Test_Everything" SUPERCLASS="CIM_ManagedElement">
<QUALIFIER NAME="Description" TYPE="string"><VALUE>All there is */ in one class.</VALUE></QUALIFIER>
<PROPERTY NAME="Id" TYPE="string" CLASSORIGIN="CIM_ManagedElement" PROPAGATED="true"><QUALIFIER NAME="key" TYPE="boolean"><VALUE>TRUE</VALUE></QUALIFIER></PROPERTY>
${[
  'boolean',
  'string',
  'char16',
  'uint8',
  'sint8',
  'uint16',
  'sint16',
  'uint32',
  'sint32',
  'uint64',
  'sint64',
  'real32',
  'real64',
  'datetime',
]
  .map(
    (type) =>
      `<PROPERTY NAME="A_${type}" TYPE="${type}"></PROPERTY><PROPERTY.ARRAY NAME="L_${type}" TYPE="${type}"></PROPERTY.ARRAY>`,
  )
  .join('')}
<PROPERTY NAME="Span" TYPE="datetime"><QUALIFIER NAME="SUBTYPE" TYPE="string"><VALUE>interval</VALUE></QUALIFIER></PROPERTY>
<PROPERTY.REFERENCE NAME="Ref" REFERENCECLASS="Test_Everything"></PROPERTY.REFERENCE>
<PROPERTY NAME="Inner" TYPE="string"><QUALIFIER NAME="EmbeddedInstance" TYPE="string"><VALUE>Test_Inner</VALUE></QUALIFIER></PROPERTY>
<PROPERTY.ARRAY NAME="Inners" TYPE="string"><QUALIFIER NAME="EMBEDDEDINSTANCE" TYPE="string"><VALUE>Test_Inner</VALUE></QUALIFIER></PROPERTY.ARRAY>
<PROPERTY NAME="Anything" TYPE="string"><QUALIFIER NAME="EmbeddedObject" TYPE="boolean"><VALUE>true</VALUE></QUALIFIER></PROPERTY>
<PROPERTY.ARRAY NAME="State" TYPE="uint16"><QUALIFIER NAME="ValueMap" TYPE="string"><VALUE.ARRAY><VALUE>0</VALUE><VALUE>1</VALUE></VALUE.ARRAY></QUALIFIER></PROPERTY.ARRAY>
<METHOD NAME="Create" TYPE="uint32"><QUALIFIER NAME="static" TYPE="boolean"><VALUE>true</VALUE></QUALIFIER>
<PARAMETER NAME="CommandLine" TYPE="string"><QUALIFIER NAME="in" TYPE="boolean"><VALUE>true</VALUE></QUALIFIER></PARAMETER>
<PARAMETER NAME="ProcessId" TYPE="uint64"><QUALIFIER NAME="out" TYPE="boolean"><VALUE>true</VALUE></QUALIFIER></PARAMETER>
<PARAMETER.ARRAY NAME="Times" TYPE="datetime"><QUALIFIER NAME="Out" TYPE="boolean"></QUALIFIER></PARAMETER.ARRAY>
<PARAMETER.REFERENCE NAME="Made" REFERENCECLASS="Test_Everything"><QUALIFIER NAME="in" TYPE="boolean"><VALUE>false</VALUE></QUALIFIER><QUALIFIER NAME="out" TYPE="boolean"><VALUE>true</VALUE></QUALIFIER></PARAMETER.REFERENCE>
</METHOD></CLASS>`

export const INNER =
  '<CLASS NAME="Test_Inner"><PROPERTY NAME="N" TYPE="uint8"></PROPERTY><PROPERTY.ARRAY NAME="Big" TYPE="uint64"></PROPERTY.ARRAY></CLASS>'

export const WMI = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2'
export const DECLARATIONS =
  'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common"'
