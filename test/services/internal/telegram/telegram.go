// Package telegram is the part of Telegram's Bot API that the reference services use. Its errors never show an address:
// that holds the bot's token.
package telegram

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

// Client calls as one bot, through HTTPS_PROXY.
type Client struct {
	base  *url.URL
	token string
	http  *http.Client
}

// New makes a client.
func New(base *url.URL, token string) *Client {
	return &Client{base: base, token: token, http: &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute}}}
}

// Update is one event.
type Update struct {
	ID      int64    `json:"update_id"`
	Message *Message `json:"message"`
}

// Message is what somebody said in a chat.
type Message struct {
	ID   int64 `json:"message_id"`
	Chat struct {
		ID int64 `json:"id"`
	} `json:"chat"`
	Text  string `json:"text"`
	Voice *struct {
		FileID string `json:"file_id"`
	} `json:"voice"`
}

// ErrConflict is Telegram's answer to a second poller.
var ErrConflict = errors.New("telegram: another process polls")

// Me proves that the token is good.
func (c *Client) Me(ctx context.Context) error { return c.call(ctx, "getMe", struct{}{}, nil) }

// Updates polls for as long as timeout; what lies before offset is confirmed by asking.
func (c *Client) Updates(ctx context.Context, offset int64, timeout time.Duration, limit int) ([]Update, error) {
	var updates []Update
	err := c.call(ctx, "getUpdates", map[string]any{"offset": offset, "timeout": int(timeout.Seconds()), "limit": limit, "allowed_updates": []string{"message"}}, &updates)
	return updates, err
}

// Send answers in a chat.
func (c *Client) Send(ctx context.Context, chat int64, text string) error {
	return c.call(ctx, "sendMessage", map[string]any{"chat_id": chat, "text": text}, nil)
}

// File fetches what somebody sent, of at most 20 MiB, which is Telegram's own bound.
func (c *Client) File(ctx context.Context, id string) ([]byte, error) {
	var file struct {
		Path string `json:"file_path"`
	}
	if err := c.call(ctx, "getFile", map[string]string{"file_id": id}, &file); err != nil {
		return nil, err
	}
	if strings.Contains(file.Path, "..") {
		return nil, errors.New("telegram: the file's path is not plain")
	}
	return c.do(ctx, http.MethodGet, c.base.JoinPath("file", "bot"+c.token, file.Path), nil)
}

func (c *Client) call(ctx context.Context, method string, body, into any) error {
	payload, err := json.Marshal(body)
	if err != nil {
		return err
	}
	answer, err := c.do(ctx, http.MethodPost, c.base.JoinPath("bot"+c.token, method), payload)
	if err != nil {
		return err
	}
	var envelope struct {
		OK     bool            `json:"ok"`
		Result json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(answer, &envelope); err != nil || !envelope.OK {
		return fmt.Errorf("telegram: %s was not answered with ok", method)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(envelope.Result, into)
}

func (c *Client) do(ctx context.Context, method string, address *url.URL, payload []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, address.String(), bytes.NewReader(payload))
	if err != nil {
		return nil, errors.New("telegram: the address is not valid")
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return nil, fmt.Errorf("telegram: %w", err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
		return io.ReadAll(io.LimitReader(response.Body, 20<<20))
	case http.StatusConflict:
		return nil, ErrConflict
	}
	return nil, fmt.Errorf("telegram: answered %d", response.StatusCode)
}
