// masterzen/winrm. Goroutines run what is to run at the same time, each with a client of its own.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/masterzen/winrm"
)

type parameters struct {
	Port     int
	Idle     bool
	Count    int
	Parallel int
	Hosts    []string
}

func connect(host string, port int) *winrm.Client {
	endpoint := winrm.NewEndpoint(host, port, false, false, nil, nil, nil, 60*time.Second)
	client, err := winrm.NewClient(endpoint, "alice", "secret")
	if err != nil {
		log.Fatal(err)
	}
	return client
}

func run(client *winrm.Client) int64 {
	var stdout, stderr bytes.Buffer
	if _, err := client.Run("hostname", &stdout, &stderr); err != nil {
		log.Fatal(err)
	}
	return int64(stdout.Len())
}

func work(p parameters) int64 {
	var next, done int64
	var wait sync.WaitGroup
	for worker := 0; worker < p.Parallel; worker++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			client := connect("127.0.0.1", p.Port)
			for {
				index := int(atomic.AddInt64(&next, 1)) - 1
				if index >= p.Count {
					return
				}
				if p.Hosts != nil {
					client = connect(p.Hosts[index], p.Port)
				}
				atomic.AddInt64(&done, run(client))
			}
		}()
	}
	wait.Wait()
	return done
}

func peakKb() int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		log.Fatal(err)
	}
	var peak int
	for _, line := range strings.Split(string(status), "\n") {
		fmt.Sscanf(line, "VmHWM: %d", &peak)
	}
	return peak
}

func main() {
	var p parameters
	if err := json.Unmarshal([]byte(os.Args[len(os.Args)-1]), &p); err != nil {
		log.Fatal(err)
	}
	var done int64
	if !p.Idle {
		done = work(p)
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	cpu := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"cpuMs":  float64(cpu.Microseconds()) / 1000,
		"peakKb": peakKb(),
		"work":   done,
	})
}
