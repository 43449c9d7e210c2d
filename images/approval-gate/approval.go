package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/google/uuid"
)

// An approval of a workload: object versions below a prefix wait for a person, then go to a queue.
type approval struct {
	Name     string `json:"name"`
	Bucket   string `json:"bucket"`
	Prefix   string `json:"prefix"`
	QueueURL string `json:"queueUrl"`
}

var approvalName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func parseApprovals(text string) (map[string]approval, error) {
	var list []approval
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&list); err != nil {
		return nil, fmt.Errorf("GATE_APPROVALS is no list of approvals: %w", err)
	}
	all := map[string]approval{}
	for _, a := range list {
		_, twice := all[a.Name]
		switch {
		case !approvalName.MatchString(a.Name) || twice:
			return nil, fmt.Errorf("GATE_APPROVALS names %q; a DNS label, once, is allowed", a.Name)
		case !strings.HasSuffix(a.Prefix, "/") || a.Bucket == "" || a.QueueURL == "":
			return nil, fmt.Errorf("approval %s needs bucket, queueUrl, and a prefix that ends in a slash", a.Name)
		}
		all[a.Name] = a
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("GATE_APPROVALS is empty; at least one approval is allowed")
	}
	return all, nil
}

// What a person sends. Nothing else is accepted.
type request struct {
	Bucket    string `json:"bucket"`
	Key       string `json:"key"`
	VersionID string `json:"versionId"`
	Decision  string `json:"decision"`
	Comment   string `json:"comment"`
}

const (
	approved       = "Approved"
	rejected       = "Rejected"
	longestComment = 1000
)

// As on AWS, where no other character may reach the automation.
var (
	safeKey     = regexp.MustCompile(`^[A-Za-z0-9_.~%/-]{1,512}$`)
	safeVersion = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,128}$`)
)

// Why a request may not be decided about, in a word that tells the person what to change; or nothing.
func (a approval) refuses(r request) string {
	switch {
	case r.Decision != approved && r.Decision != rejected:
		return "decision is neither Approved nor Rejected"
	case r.Bucket != a.Bucket || !strings.HasPrefix(r.Key, a.Prefix) || strings.HasSuffix(r.Key, "/"):
		return "the object is not below this approval's prefix"
	case r.VersionID == "" || r.VersionID == "null" || !safeVersion.MatchString(r.VersionID):
		return "versionId does not name a version"
	case !safeKey.MatchString(quoted(r.Key)):
		return "the key is too long"
	case len(r.Comment) > longestComment:
		return fmt.Sprintf("the comment is longer than %d bytes", longestComment)
	case strings.TrimSpace(r.Comment) == "":
		return "comment is empty; say why"
	}
	return ""
}

// A decision that somebody took. It is written once and never changed.
type decision struct {
	Workload  string `json:"workload"`
	Approval  string `json:"approval"`
	Bucket    string `json:"bucket"`
	Key       string `json:"key"`
	VersionID string `json:"versionId"`
	Decision  string `json:"decision"`
	Approver  string `json:"approver"`
	Comment   string `json:"comment"`
	At        string `json:"at"`
	SHA256    string `json:"sha256"`
}

// The same for the same version, whoever asks, however often.
func (d decision) execution() string {
	name := fmt.Sprintf("%s/%s|s3://%s/%s?versionId=%s", d.Workload, d.Approval, d.Bucket, quoted(d.Key), d.VersionID)
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(name)).String()
}

// The message for the queue, in the shape that the approved automation sends on AWS: a renderer cannot tell the two apart.
func (d decision) message() string {
	text, err := json.Marshal(map[string]any{
		"workload": d.Workload, "approval": d.Approval, "bucket": d.Bucket, "key": quoted(d.Key), "versionId": d.VersionID,
		"execution": d.execution(), "decision": d.Decision,
		"approvers": []map[string]string{{"Approver": d.Approver, "Decision": "Approve", "Comment": d.Comment, "Time": d.At}},
	})
	if err != nil {
		panic(err) // Strings alone.
	}
	return string(text)
}

// A key as S3 itself writes it in events; consumers of the queue decode it the same way.
func quoted(key string) string {
	var out strings.Builder
	for _, b := range []byte(key) {
		switch {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', strings.IndexByte("_.-~/", b) >= 0:
			out.WriteByte(b)
		default:
			fmt.Fprintf(&out, "%%%02X", b)
		}
	}
	return out.String()
}
