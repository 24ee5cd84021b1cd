// Runs commands with github.com/masterzen/winrm, an independent client: one JSON document with what to do on standard
// input, one JSON line on standard output for each command.
package main

import (
	"bytes"
	"encoding/json"
	"log"
	"os"
	"strings"
	"time"

	"github.com/masterzen/winrm"
)

type run struct {
	Command string
	// Nil leaves standard input open.
	Stdin *string
}

type spec struct {
	Host       string
	Port       int
	HTTPS      bool
	Username   string
	Password   string
	CACert     string
	ClientCert string
	ClientKey  string
	Timeout    string
	Runs       []run
}

type result struct {
	Stdout   string `json:"stdout"`
	Stderr   string `json:"stderr"`
	ExitCode int    `json:"exitCode"`
	Error    string `json:"error,omitempty"`
}

func connect(s spec) (*winrm.Client, error) {
	endpoint := winrm.NewEndpoint(s.Host, s.Port, s.HTTPS, false,
		[]byte(s.CACert), []byte(s.ClientCert), []byte(s.ClientKey), 30*time.Second)
	parameters := winrm.NewParameters(s.Timeout, "en-US", 153600)
	if s.ClientCert != "" {
		parameters.TransportDecorator = func() winrm.Transporter { return &winrm.ClientAuthRequest{} }
	}
	return winrm.NewClientWithParameters(endpoint, s.Username, s.Password, parameters)
}

func execute(client *winrm.Client, r run) result {
	var stdout, stderr bytes.Buffer
	var exitCode int
	var err error
	if r.Stdin == nil {
		exitCode, err = client.Run(r.Command, &stdout, &stderr)
	} else {
		exitCode, err = client.RunWithInput(r.Command, &stdout, &stderr, strings.NewReader(*r.Stdin))
	}
	made := result{Stdout: stdout.String(), Stderr: stderr.String(), ExitCode: exitCode}
	if err != nil {
		made.Error = err.Error()
	}
	return made
}

func main() {
	var s spec
	if err := json.NewDecoder(os.Stdin).Decode(&s); err != nil {
		log.Fatal(err)
	}
	client, err := connect(s)
	if err != nil {
		log.Fatal(err)
	}
	output := json.NewEncoder(os.Stdout)
	for _, r := range s.Runs {
		if err := output.Encode(execute(client, r)); err != nil {
			log.Fatal(err)
		}
	}
}
