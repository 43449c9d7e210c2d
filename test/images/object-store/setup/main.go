// Object-store setup: what a store needs before it starts, and its buckets as a file says. Both end, and may be run again.
//
//	object-store-setup prepare DIRECTORY FILE    makes the gateway's directories; FILE holds the accounts:
//	                                             [{"access":"gate","secret":"…"}]
//	object-store-setup buckets FILE              [{"name":"content","versioning":true,"policy":{…}}]
//
//	AWS_ENDPOINT_URL_S3, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_CA_BUNDLE  whom it talks to, and as whom
//	OBJECT_STORE_PATIENCE       seconds it waits for the store to answer; default 120
//
// Nothing is ever removed: a bucket that the file no longer names stays.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

type bucket struct {
	Name       string          `json:"name"`
	Versioning bool            `json:"versioning"`
	Policy     json.RawMessage `json:"policy"`
}

func main() {
	err := error(nil)
	switch {
	case len(os.Args) == 4 && os.Args[1] == "prepare":
		err = prepare(os.Args[2], os.Args[3])
	case len(os.Args) == 3 && os.Args[1] == "buckets":
		err = setUp(context.Background(), os.Args[2])
	default:
		fmt.Fprintln(os.Stderr, "usage: object-store-setup prepare DIRECTORY FILE | buckets FILE")
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type account struct {
	Access string `json:"access"`
	Secret string `json:"secret"`
	Role   string `json:"role"`
}

// prepare writes the accounts in the gateway's own form. They are users: what they may do is for the buckets' policies to say.
func prepare(directory, file string) error {
	var accounts []account
	if err := readList(file, &accounts); err != nil {
		return err
	}
	known := map[string]account{}
	for _, a := range accounts {
		if a.Access == "" || len(a.Secret) < 8 || a.Role != "" {
			return fmt.Errorf("%s: account %q needs access and a secret of 8 characters or more, and nothing else", file, a.Access)
		}
		a.Role = "user"
		known[a.Access] = a
	}
	for _, name := range []string{"buckets", "versions", "accounts"} {
		if err := os.MkdirAll(filepath.Join(directory, name), 0o700); err != nil {
			return err
		}
	}
	text, err := json.Marshal(map[string]any{"accessAccounts": known})
	if err != nil {
		return err
	}
	target := filepath.Join(directory, "accounts", "users.json")
	if err := os.WriteFile(target+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(target+".new", target)
}

func setUp(ctx context.Context, file string) error {
	var buckets []bucket
	if err := readList(file, &buckets); err != nil {
		return err
	}
	seconds := 120
	if text := os.Getenv("OBJECT_STORE_PATIENCE"); text != "" {
		var err error
		if seconds, err = strconv.Atoi(text); err != nil || seconds < 1 {
			return fmt.Errorf("OBJECT_STORE_PATIENCE is %q; seconds from 1 are allowed", text)
		}
	}
	ctx, done := context.WithTimeout(ctx, time.Duration(seconds)*time.Second)
	defer done()
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	client := s3.NewFromConfig(settings, func(o *s3.Options) { o.UsePathStyle = true })
	for {
		_, err := client.ListBuckets(ctx, &s3.ListBucketsInput{})
		var answered smithy.APIError
		if err == nil || errors.As(err, &answered) {
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the store does not answer after %d s: %w", seconds, err)
		case <-time.After(time.Second):
		}
	}
	for _, b := range buckets {
		if err := bring(ctx, client, b); err != nil {
			return fmt.Errorf("bucket %s: %w", b.Name, err)
		}
		fmt.Printf("bucket %s is as it should be\n", b.Name)
	}
	return nil
}

func readList(file string, into any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if decoder.Decode(into) != nil {
		// Without the decoder's words, which may quote a secret.
		return fmt.Errorf("%s is not the list that is expected", file)
	}
	return nil
}

func bring(ctx context.Context, client *s3.Client, b bucket) error {
	_, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &b.Name})
	var ours *types.BucketAlreadyOwnedByYou
	if err != nil && !errors.As(err, &ours) {
		return err
	}
	if b.Versioning {
		if _, err := client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
			Bucket:                  &b.Name,
			VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
		}); err != nil {
			return err
		}
	}
	if len(b.Policy) == 0 {
		return nil
	}
	_, err = client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &b.Name, Policy: aws.String(string(b.Policy))})
	return err
}
