package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// a2a calls the agents by the A2A protocol: JSON-RPC, `message/send`.
type a2a struct {
	base  *url.URL
	token string
	http  *http.Client
}

func newA2A(c *config) *a2a {
	return &a2a{base: c.a2a, token: c.a2aToken, http: &http.Client{
		Timeout: 10 * time.Second, Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute},
	}}
}

// Classes of failures: `transient` is tried again, `fatal` is not.
const (
	none      = "none"
	transient = "transient"
	fatal     = "fatal"
)

// card asks for what every agent tells of itself.
func (a *a2a) card(ctx context.Context) error {
	_, class, err := a.do(ctx, http.MethodGet, a.base.JoinPath(".well-known", "agent-card.json"), nil)
	if class != none && err == nil {
		err = errors.New("a2a: " + class)
	}
	return err
}

// send hands over a message and returns the answer's text, or how it failed.
func (a *a2a) send(ctx context.Context, id, persona, text string) (answer, class string, err error) {
	payload, err := json.Marshal(map[string]any{
		"jsonrpc": "2.0", "id": id, "method": "message/send", "params": map[string]any{
			"message":  map[string]any{"role": "user", "messageId": id, "kind": "message", "parts": []any{map[string]string{"kind": "text", "text": text}}},
			"metadata": map[string]string{"persona": persona},
		},
	})
	if err != nil {
		return "", fatal, err
	}
	for attempt := range 3 {
		answer, class, err = a.do(ctx, http.MethodPost, a.base, payload)
		if class != transient || ctx.Err() != nil {
			break
		}
		sleep(ctx, time.Duration(attempt+1)*500*time.Millisecond)
	}
	return answer, class, err
}

func (a *a2a) do(ctx context.Context, method string, address *url.URL, payload []byte) (string, string, error) {
	request, err := http.NewRequestWithContext(ctx, method, address.String(), bytes.NewReader(payload))
	if err != nil {
		return "", fatal, err
	}
	request.Header.Set("Authorization", "Bearer "+a.token)
	request.Header.Set("Content-Type", "application/json")
	response, err := a.http.Do(request)
	if err != nil {
		return "", transient, err
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests:
		return "", transient, fmt.Errorf("a2a: answered %d", response.StatusCode)
	case response.StatusCode != http.StatusOK:
		return "", fatal, fmt.Errorf("a2a: answered %d", response.StatusCode)
	case method == http.MethodGet:
		return "", none, nil
	}
	var envelope struct {
		Result *struct {
			Parts []struct {
				Text string `json:"text"`
			} `json:"parts"`
		} `json:"result"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&envelope); err != nil || envelope.Result == nil {
		return "", fatal, errors.New("a2a: the answer is no result")
	}
	texts := []string{}
	for _, part := range envelope.Result.Parts {
		texts = append(texts, part.Text)
	}
	return strings.Join(texts, "\n"), none, nil
}
