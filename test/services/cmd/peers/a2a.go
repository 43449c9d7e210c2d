package main

import (
	"encoding/json"
	"flag"
	"net/http"
	"strings"
	"sync"
	"time"

	"palisade.dev/services/internal/serve"
)

// agents answer, late or not at all if they are told to.
type agents struct {
	mutex     sync.Mutex
	behaviour behaviour
	calls     journal[call]
}

type behaviour struct {
	DelayMilliseconds int `json:"delay_ms"`
	// Status of the next Times calls; every call from then on is answered well.
	Status int `json:"status"`
	Times  int `json:"times"`
}

type call struct {
	Time    string `json:"time"`
	ID      string `json:"id"`
	Persona string `json:"persona"`
	// Authorized tells whether there was a token, never which.
	Authorized bool `json:"authorized"`
	Status     int  `json:"status"`
}

func a2aCommand(args []string) error {
	flags := flag.NewFlagSet("a2a", flag.ContinueOnError)
	listen, controls := flags.String("listen", ":8443", "address"), flags.String("control", ":9090", "address of the control port")
	if err := flags.Parse(args); err != nil {
		return err
	}
	a := &agents{}
	return runBoth(https(*listen, a.api()), control(*controls, a.control()))
}

func (a *agents) next() behaviour {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	now := a.behaviour
	if now.Times == 0 {
		now.Status = http.StatusOK
	} else {
		a.behaviour.Times--
	}
	return now
}

func (a *agents) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/agent-card.json", func(w http.ResponseWriter, _ *http.Request) {
		serve.JSON(w, http.StatusOK, map[string]any{"protocolVersion": "0.3.0", "name": "stand-in", "version": "1"})
	})
	mux.HandleFunc("POST /v1beta/models/{model}", func(w http.ResponseWriter, _ *http.Request) {
		serve.JSON(w, http.StatusOK, map[string]any{"candidates": []any{map[string]any{"content": map[string]any{"parts": []any{map[string]string{"text": "A mediated script."}}}}}})
	})
	mux.HandleFunc("POST /", func(w http.ResponseWriter, r *http.Request) {
		var given struct {
			ID     string `json:"id"`
			Params struct {
				Message struct {
					Parts []struct {
						Text string `json:"text"`
					} `json:"parts"`
				} `json:"message"`
				Metadata struct {
					Persona string `json:"persona"`
				} `json:"metadata"`
			} `json:"params"`
		}
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&given); err != nil {
			serve.Fail(w, http.StatusBadRequest, "no JSON-RPC")
			return
		}
		does := a.next()
		time.Sleep(time.Duration(does.DelayMilliseconds) * time.Millisecond)
		a.calls.add(call{stamp(), given.ID, given.Params.Metadata.Persona, strings.HasPrefix(r.Header.Get("Authorization"), "Bearer "), does.Status})
		if does.Status != http.StatusOK {
			serve.Fail(w, does.Status, "as told")
			return
		}
		said := ""
		for _, part := range given.Params.Message.Parts {
			said += part.Text
		}
		serve.JSON(w, http.StatusOK, map[string]any{"jsonrpc": "2.0", "id": given.ID, "result": map[string]any{
			"kind": "message", "role": "agent", "messageId": "answer-" + given.ID, "parts": []any{map[string]string{"kind": "text", "text": "heard: " + said}},
		}})
	})
	return mux
}

// control: POST /behaviour {delay_ms, status, times}; GET /calls; POST /reset.
func (a *agents) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /behaviour", func(w http.ResponseWriter, r *http.Request) {
		var given behaviour
		if err := json.NewDecoder(r.Body).Decode(&given); err != nil {
			serve.Fail(w, http.StatusBadRequest, "delay_ms, status, times")
			return
		}
		a.mutex.Lock()
		defer a.mutex.Unlock()
		a.behaviour = given
		serve.JSON(w, http.StatusOK, given)
	})
	mux.HandleFunc("GET /calls", func(w http.ResponseWriter, _ *http.Request) { a.calls.show(w) })
	mux.HandleFunc("POST /reset", func(w http.ResponseWriter, _ *http.Request) {
		a.calls.clear()
		serve.JSON(w, http.StatusOK, nil)
	})
	return mux
}
