// Package objects is how the content pipeline reaches its bucket and queue: S3 and SQS, or what speaks like them at
// AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL_SQS, with the credentials that the SDK finds.
package objects

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// Clients speak to both.
type Clients struct {
	S3  *s3.Client
	SQS *sqs.Client
}

// Open makes the clients. TLS_CA_FILE, if set, is the authority of what answers inside.
func Open(ctx context.Context) (Clients, error) {
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return Clients{}, err
	}
	if file := os.Getenv("TLS_CA_FILE"); file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return Clients{}, fmt.Errorf("TLS_CA_FILE: %w", err)
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(text) {
			return Clients{}, fmt.Errorf("TLS_CA_FILE: %s holds no certificate", file)
		}
		settings.HTTPClient = awshttp.NewBuildableClient().WithTimeout(2 * time.Minute).WithTransportOptions(func(t *http.Transport) {
			t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
		})
	}
	// A store inside a cluster has one name for all buckets.
	pathStyle := os.Getenv("AWS_ENDPOINT_URL_S3") != ""
	return Clients{
		S3: s3.NewFromConfig(settings, func(o *s3.Options) {
			o.UsePathStyle = pathStyle
			if pathStyle {
				// What speaks like S3 may not know the newer checksums.
				o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
				o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
			}
		}),
		SQS: sqs.NewFromConfig(settings),
	}, nil
}
