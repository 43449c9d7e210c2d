// Command content-renderer stands in for the content pipeline's renderer in tests: the same queue, buckets, prefixes and
// end (a job that cannot be ended goes back to its queue). It writes placeholders of video; it is not the real service.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"palisade.dev/services/internal/objects"
	"palisade.dev/services/internal/record"
	"palisade.dev/services/internal/serve"
	"palisade.dev/services/internal/variables"
)

type renderer struct {
	records       *record.Writer
	clients       objects.Clients
	queue, bucket string
	work          time.Duration
}

// largest script that is read.
const largest = 4 << 20

func main() { serve.Exit(run()) }

func run() error {
	v := &variables.Reader{}
	r := &renderer{
		records: record.New("content-pipeline", "renderer"), queue: v.Required("QUEUE_RENDER_URL"), bucket: v.Required("ARTIFACTS_BUCKET"),
		// How long a rendering takes here.
		work: v.Seconds("RENDER_SECONDS", 1, 0, 600),
	}
	v.Required("AWS_REGION")
	if err := v.Err(); err != nil {
		return err
	}
	stop, cancel := serve.StopContext()
	defer cancel()
	var err error
	if r.clients, err = objects.Open(stop); err != nil {
		return err
	}
	r.records.Write(record.Entry{Event: "process.started", Status: record.OK})
	for stop.Err() == nil {
		if err := r.next(stop); err != nil && stop.Err() == nil {
			r.records.Write(record.Entry{Event: "queue.failed", Status: record.Error, Severity: record.Warning, Attributes: record.Cause(err)})
			select {
			case <-stop.Done():
			case <-time.After(2 * time.Second):
			}
		}
	}
	r.records.Write(record.Entry{Event: "process.drained", Status: record.OK})
	return nil
}

// next takes one message. It is deleted when its work is done, not before.
func (r *renderer) next(stop context.Context) error {
	received, err := r.clients.SQS.ReceiveMessage(stop, &sqs.ReceiveMessageInput{QueueUrl: &r.queue, MaxNumberOfMessages: 1, WaitTimeSeconds: 10})
	if err != nil {
		return err
	}
	for _, message := range received.Messages {
		began := time.Now()
		if err := r.render(stop, aws.ToString(message.Body)); err != nil {
			r.records.Write(record.Entry{Event: "render.failed", Status: record.Error, Correlation: aws.ToString(message.MessageId), Latency: time.Since(began), Attributes: record.Cause(err)})
			r.giveBack(stop, message)
			continue
		}
		limit, cancel := context.WithTimeout(context.WithoutCancel(stop), 5*time.Second)
		_, err := r.clients.SQS.DeleteMessage(limit, &sqs.DeleteMessageInput{QueueUrl: &r.queue, ReceiptHandle: message.ReceiptHandle})
		cancel()
		if err != nil {
			return err
		}
		r.records.Write(record.Entry{Event: "render.done", Status: record.OK, Correlation: aws.ToString(message.MessageId), Latency: time.Since(began)})
	}
	return nil
}

// giveBack lets another replica have a job that this one had to leave; any other failure waits out its time in hiding.
func (r *renderer) giveBack(stop context.Context, message types.Message) {
	if stop.Err() == nil {
		return
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(stop), 5*time.Second)
	defer cancel()
	_, err := r.clients.SQS.ChangeMessageVisibility(limit, &sqs.ChangeMessageVisibilityInput{QueueUrl: &r.queue, ReceiptHandle: message.ReceiptHandle, VisibilityTimeout: 0})
	entry := record.Entry{Event: "render.given_back", Status: record.OK, Correlation: aws.ToString(message.MessageId)}
	if err != nil {
		entry.Status, entry.Attributes = record.Error, record.Cause(err)
	}
	r.records.Write(entry)
}

// job is what an approval releases: a version of a script, not what the key holds by then.
type job struct {
	Bucket    string `json:"bucket"`
	Key       string `json:"key"`
	VersionID string `json:"versionId"`
	Approval  string `json:"approval"`
}

func (r *renderer) render(stop context.Context, body string) error {
	var of job
	if err := json.Unmarshal([]byte(body), &of); err != nil {
		return errors.New("render: the message is no job")
	}
	key, err := url.QueryUnescape(of.Key)
	switch {
	case err != nil || !strings.HasPrefix(key, "scripts/") || path.Clean(key) != key:
		return errors.New("render: the key is none of a script")
	case of.Bucket != r.bucket:
		return errors.New("render: another bucket")
	case of.VersionID == "" || of.Approval == "":
		return errors.New("render: nobody released a version")
	}
	found, err := r.clients.S3.GetObject(stop, &s3.GetObjectInput{Bucket: &of.Bucket, Key: &key, VersionId: &of.VersionID})
	if err != nil {
		return err
	}
	defer found.Body.Close()
	script, err := io.ReadAll(io.LimitReader(found.Body, largest))
	if err != nil {
		return err
	}
	select {
	case <-stop.Done():
		return stop.Err()
	case <-time.After(r.work):
	}
	sum := sha256.Sum256(script)
	name := strings.TrimSuffix(strings.TrimPrefix(key, "scripts/"), path.Ext(key))
	// One line that says what was rendered: a test holds it against the version that was released.
	content := []byte(fmt.Sprintf("rendered from %s version %s sha256 %s\n", key, of.VersionID, hex.EncodeToString(sum[:])))
	for key, kind := range map[string]string{
		"subtitles/" + name + ".vtt": "text/vtt", "video/short/" + name + ".mp4": "video/mp4", "video/long/" + name + ".mp4": "video/mp4",
	} {
		body := content
		if kind == "text/vtt" {
			body = append([]byte("WEBVTT\n\nNOTE "), content...)
		}
		limit, cancel := context.WithTimeout(context.WithoutCancel(stop), 20*time.Second)
		_, err := r.clients.S3.PutObject(limit, &s3.PutObjectInput{Bucket: &r.bucket, Key: &key, ContentType: &kind, Body: bytes.NewReader(body), ContentLength: aws.Int64(int64(len(body)))})
		cancel()
		if err != nil {
			return err
		}
	}
	return nil
}
