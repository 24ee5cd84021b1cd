"""pywinrm sends the messages; it knows no enumerations, so the replies are read as it reads its own: with ElementTree."""

import json
import resource
import sys
import uuid
import warnings
import xml.etree.ElementTree as ElementTree

warnings.simplefilter('ignore')
import winrm
import xmltodict

parameters = json.loads(sys.argv[-1])

ENUMERATION = 'http://schemas.xmlsoap.org/ws/2004/09/enumeration'
RESOURCE = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Bench_Process'


def work():
    protocol = winrm.Session(f"http://127.0.0.1:{parameters['port']}/wsman", auth=('alice', 'secret')).protocol
    done = 0
    context = None
    while True:
        verb = 'Enumerate' if context is None else 'Pull'
        header = protocol._get_soap_header(
            resource_uri=RESOURCE, action=f'{ENUMERATION}/{verb}', message_id=uuid.uuid4()
        )
        body = {'w:OptimizeEnumeration': None} if context is None else {'n:EnumerationContext': context}
        message = {'env:Envelope': {**header, 'env:Body': {f'n:{verb}': body}}}
        reply = ElementTree.fromstring(protocol.send_message(xmltodict.unparse(message)))
        over = False
        for element in reply.iter():
            name = element.tag.rpartition('}')[2]
            if name == 'EnumerationContext':
                context = element.text
            elif name == 'Items':
                objects = [{entry.tag.rpartition('}')[2]: entry.text for entry in item} for item in element]
                done += len(objects)
            elif name == 'EndOfSequence':
                over = True
        if over:
            return done


done = 0 if parameters.get('idle') else work()
usage = resource.getrusage(resource.RUSAGE_SELF)
with open('/proc/self/status') as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith('VmHWM'))
print(json.dumps({'cpuMs': (usage.ru_utime + usage.ru_stime) * 1000, 'peakKb': peak, 'work': done}))
