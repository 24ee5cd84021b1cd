"""pywinrm. Threads run what is to run at the same time, each with a session of its own, which keeps its connection."""

import json
import resource
import sys
import threading
import warnings

warnings.simplefilter('ignore')
import winrm

parameters = json.loads(sys.argv[-1])


def session(host):
    return winrm.Session(f"http://{host}:{parameters['port']}/wsman", auth=('alice', 'secret'))


def work():
    hosts = parameters.get('hosts')
    indices = iter(range(parameters['count']))
    lock = threading.Lock()
    done = [0]

    def worker():
        own = None if hosts else session('127.0.0.1')
        while True:
            with lock:
                index = next(indices, None)
            if index is None:
                return
            result = (own or session(hosts[index])).run_cmd('hostname')
            with lock:
                done[0] += len(result.std_out)

    threads = [threading.Thread(target=worker) for _ in range(parameters['parallel'])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done[0]


done = 0 if parameters.get('idle') else work()
usage = resource.getrusage(resource.RUSAGE_SELF)
with open('/proc/self/status') as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith('VmHWM'))
print(json.dumps({'cpuMs': (usage.ru_utime + usage.ru_stime) * 1000, 'peakKb': peak, 'work': done}))
