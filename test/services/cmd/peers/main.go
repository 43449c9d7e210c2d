// Command peers is what the reference services meet in tests: stand-ins of Telegram, A2A agents, a SIEM, and probes.
//
//	peers telegram [-listen :8443] [-control :9090]          Bot API for one or more bots; judges whether two poll at once
//	peers a2a      [-listen :8443] [-control :9090]          agents, and the model that the editor bot asks
//	peers siem     [-listen :8443] [-syslog :6514] [-control :9090]
//	peers echo     [-listen :7777]                           answers on TCP and UDP with what it gets
//	peers load     -url URL [-rate 50] [-duration 20s] …     steady requests; prints JSON
//	peers connect  tcp://HOST:PORT udp://HOST:PORT dns://NAME[?server=IP:PORT] …   prints JSON
//	peers certificates -out DIR -names a,b [-names c …]      an authority and certificates of it
//	peers idle                                               waits, to be used by exec
//
// TLS is by TLS_CERT_FILE and TLS_KEY_FILE, or a certificate in memory. The control port speaks plain http: it is asked by
// the test alone.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"palisade.dev/services/internal/serve"
)

func main() {
	if len(os.Args) < 2 {
		serve.Exit(errors.New("usage: peers telegram|a2a|siem|echo|load|connect|certificates|idle"))
	}
	commands := map[string]func([]string) error{
		"telegram": telegramCommand, "a2a": a2aCommand, "siem": siemCommand, "echo": echoCommand,
		"load": loadCommand, "connect": connectCommand, "certificates": certificatesCommand, "idle": idleCommand,
	}
	command := commands[os.Args[1]]
	if command == nil {
		serve.Exit(fmt.Errorf("peers: no command %q", os.Args[1]))
	}
	serve.Exit(command(os.Args[2:]))
}

func idleCommand([]string) error {
	stop, cancel := serve.StopContext()
	defer cancel()
	<-stop.Done()
	return nil
}

// journal keeps what came, up to a bound, and counts all of it.
type journal[Entry any] struct {
	mutex   sync.Mutex
	Total   int     `json:"total"`
	Entries []Entry `json:"entries"`
}

const mostEntries = 100_000

func (j *journal[Entry]) add(entry Entry) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.Total++
	if len(j.Entries) < mostEntries {
		j.Entries = append(j.Entries, entry)
	}
}

func (j *journal[Entry]) clear() {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.Total, j.Entries = 0, nil
}

func (j *journal[Entry]) show(w http.ResponseWriter) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	if j.Entries == nil {
		j.Entries = []Entry{}
	}
	serve.JSON(w, http.StatusOK, j)
}

func stamp() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000000Z") }

func print(value any) error {
	encoder := json.NewEncoder(os.Stdout)
	return encoder.Encode(value)
}

// runBoth serves the peer and its control port until the process is told to stop.
func runBoth(listeners ...func(context.Context) error) error {
	stop, cancel := serve.StopContext()
	defer cancel()
	failures := make(chan error, len(listeners))
	for _, listen := range listeners {
		go func() {
			err := listen(stop)
			cancel()
			failures <- err
		}()
	}
	var all []error
	for range listeners {
		all = append(all, <-failures)
	}
	return errors.Join(all...)
}
