package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
)

// Any S3, addressed by path.
type s3Store struct{ client *s3.Client }

func newStore(ctx context.Context) (s3Store, error) {
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return s3Store{}, err
	}
	return s3Store{s3.NewFromConfig(settings, func(o *s3.Options) { o.UsePathStyle = true })}, nil
}

func (s s3Store) digest(ctx context.Context, bucket, key, versionID string) (string, error) {
	object, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key, VersionId: &versionID})
	var known smithy.APIError
	if errors.As(err, &known) {
		switch known.ErrorCode() {
		case "NoSuchKey", "NoSuchVersion", "NotFound", "MethodNotAllowed", "InvalidArgument":
			return "", errNoVersion
		}
	}
	if err != nil {
		return "", err
	}
	defer object.Body.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, object.Body); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func (s s3Store) versions(ctx context.Context, bucket, prefix string) ([]version, error) {
	var all []version
	pages := s3.NewListObjectVersionsPaginator(s.client, &s3.ListObjectVersionsInput{Bucket: &bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, v := range page.Versions {
			all = append(all, version{bucket, aws.ToString(v.Key), aws.ToString(v.VersionId), aws.ToInt64(v.Size), aws.ToTime(v.LastModified)})
		}
	}
	return all, nil
}

// An SQS, or one behind a front that wants a client's certificate.
type sqsQueue struct{ client *sqs.Client }

func newQueue(ctx context.Context) (sqsQueue, error) {
	certificate, key, authority := os.Getenv("GATE_QUEUE_CERT"), os.Getenv("GATE_QUEUE_KEY"), os.Getenv("GATE_QUEUE_CA")
	var options []func(*config.LoadOptions) error
	if certificate != "" {
		text, err := os.ReadFile(authority)
		if err != nil {
			return sqsQueue{}, fmt.Errorf("GATE_QUEUE_CA: %w", err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(text) {
			return sqsQueue{}, fmt.Errorf("GATE_QUEUE_CA: %s holds no certificate", authority)
		}
		client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots,
				// Read anew for each connection: certificates are renewed while the gate runs.
				GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
					pair, err := tls.LoadX509KeyPair(certificate, key)
					return &pair, err
				}}
		})
		options = append(options, config.WithHTTPClient(client))
	}
	settings, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return sqsQueue{}, err
	}
	return sqsQueue{sqs.NewFromConfig(settings)}, nil
}

func (q sqsQueue) send(ctx context.Context, queueURL, message string) error {
	_, err := q.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &queueURL, MessageBody: &message})
	return err
}
