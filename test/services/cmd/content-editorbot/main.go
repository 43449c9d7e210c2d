// Command content-editorbot stands in for the content pipeline's EditorBot in tests: the same variables, hosts and hand-off
// (voice message in, script in the bucket out, the user told). Nothing is transcribed; it is not the real service.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	_ "golang.org/x/crypto/x509roots/fallback" // the image has no authorities of its own unless some are mounted

	"palisade.dev/services/internal/objects"
	"palisade.dev/services/internal/record"
	"palisade.dev/services/internal/serve"
	"palisade.dev/services/internal/telegram"
	"palisade.dev/services/internal/variables"
)

type bot struct {
	records  *record.Writer
	telegram *telegram.Client
	store    *s3.Client
	bucket   string
	model    *url.URL
	key      string
	http     *http.Client
}

func main() { serve.Exit(run()) }

func run() error {
	r := &variables.Reader{}
	b := &bot{
		records: record.New("content-pipeline", "editorbot"), bucket: r.Required("ARTIFACTS_BUCKET"), key: r.RequiredSecret("GEMINI_API_KEY"),
		telegram: telegram.New(r.HTTPS("TELEGRAM_API_URL", "https://api.telegram.org"), r.RequiredSecret("TELEGRAM_BOT_TOKEN")),
		model:    r.HTTPS("GEMINI_API_URL", "https://generativelanguage.googleapis.com"),
		http:     &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}},
	}
	r.Required("AWS_REGION")
	if err := r.Err(); err != nil {
		return err
	}
	stop, cancel := serve.StopContext()
	defer cancel()
	clients, err := objects.Open(stop)
	if err != nil {
		return err
	}
	b.store = clients.S3
	b.records.Write(record.Entry{Event: "process.started", Status: record.OK})
	b.poll(stop)
	b.records.Write(record.Entry{Event: "process.drained", Status: record.OK})
	return nil
}

// poll confirms a message only once its script lies in the bucket: what is cut off is told again.
func (b *bot) poll(stop context.Context) {
	var offset int64
	for stop.Err() == nil {
		updates, err := b.telegram.Updates(stop, offset, 20*time.Second, 10)
		if err != nil {
			if stop.Err() == nil {
				b.records.Write(record.Entry{Event: "telegram.failed", Status: record.Error, Severity: record.Warning, Attributes: record.Cause(err)})
				pause(stop)
			}
			continue
		}
		for _, update := range updates {
			if stop.Err() != nil {
				return
			}
			// What has begun is finished, within the grace.
			limit, cancel := context.WithTimeout(context.WithoutCancel(stop), 20*time.Second)
			err := b.handle(limit, update)
			cancel()
			if err != nil {
				b.records.Write(record.Entry{Event: "script.failed", Status: record.Error, Attributes: record.Cause(err)})
				pause(stop)
				break
			}
			offset = update.ID + 1
		}
	}
}

func pause(stop context.Context) {
	select {
	case <-stop.Done():
	case <-time.After(2 * time.Second):
	}
}

func (b *bot) handle(ctx context.Context, update telegram.Update) error {
	message := update.Message
	if message == nil || message.Voice == nil {
		return nil
	}
	began, name := time.Now(), strconv.FormatInt(update.ID, 10)
	audio, err := b.telegram.File(ctx, message.Voice.FileID)
	if err != nil {
		return err
	}
	// In place of cleaning and transcribing: the bytes as they are, and how many.
	mediated, err := b.mediate(ctx, len(audio))
	if err != nil {
		// The script is worth more than its wording: it goes on without the model, and says so (CP-12).
		b.records.Write(record.Entry{Event: "model.unreachable", Status: record.Error, Severity: record.Warning, Correlation: name, Attributes: record.Cause(err)})
	}
	script, err := json.Marshal(map[string]any{"update": update.ID, "audio_bytes": len(audio), "mediated": mediated != "", "script": mediated})
	if err != nil {
		return err
	}
	for _, object := range []struct {
		key, kind string
		body      []byte
	}{
		{"audio/raw/" + name + ".ogg", "audio/ogg", audio},
		{"audio/cleaned/" + name + ".ogg", "audio/ogg", audio},
		{"scripts/" + name + ".json", "application/json", script},
	} {
		_, err := b.store.PutObject(ctx, &s3.PutObjectInput{Bucket: &b.bucket, Key: &object.key, ContentType: &object.kind, Body: bytes.NewReader(object.body), ContentLength: aws.Int64(int64(len(object.body)))})
		if err != nil {
			return err
		}
	}
	b.records.Write(record.Entry{Event: "script.written", Status: record.OK, Correlation: name, Latency: time.Since(began)})
	return b.telegram.Send(ctx, message.Chat.ID, "script "+name+" waits for its release")
}

// mediate asks the model as the real service does; its key travels in a header, never in an address.
func (b *bot) mediate(ctx context.Context, size int) (string, error) {
	payload, err := json.Marshal(map[string]any{"contents": []any{map[string]any{"parts": []any{map[string]string{"text": "voice message of " + strconv.Itoa(size) + " bytes"}}}}})
	if err != nil {
		return "", err
	}
	address := b.model.JoinPath("v1beta", "models", "gemini-1.5-flash:generateContent")
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), bytes.NewReader(payload))
	if err != nil {
		return "", err
	}
	request.Header.Set("x-goog-api-key", b.key)
	request.Header.Set("Content-Type", "application/json")
	response, err := b.http.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var answer struct {
		Candidates []struct {
			Content struct {
				Parts []struct {
					Text string `json:"text"`
				} `json:"parts"`
			} `json:"content"`
		} `json:"candidates"`
	}
	if response.StatusCode != http.StatusOK {
		return "", errors.New("model: answered " + strconv.Itoa(response.StatusCode))
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&answer); err != nil {
		return "", err
	}
	texts := []string{}
	for _, candidate := range answer.Candidates {
		for _, part := range candidate.Content.Parts {
			texts = append(texts, part.Text)
		}
	}
	return strings.Join(texts, "\n"), nil
}
