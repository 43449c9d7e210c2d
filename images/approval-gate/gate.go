package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

const (
	apiGroup       = "approvals.palisade.dev"
	largestRequest = 16 << 10
)

// Where objects are, and where messages go.
type store interface {
	// digest is the SHA-256 of a version's content; errNoVersion if there is no such version.
	digest(ctx context.Context, bucket, key, versionID string) (string, error)
	versions(ctx context.Context, bucket, prefix string) ([]version, error)
}

type queue interface {
	send(ctx context.Context, queueURL, message string) error
}

var errNoVersion = errors.New("there is no such version")

type version struct {
	Bucket       string    `json:"bucket"`
	Key          string    `json:"key"`
	VersionID    string    `json:"versionId"`
	Size         int64     `json:"size"`
	LastModified time.Time `json:"lastModified"`
}

type gate struct {
	workload  string
	approvals map[string]approval
	audiences []string
	client    kubernetes.Interface
	ledger    ledger
	store     store
	queue     queue

	// One decision is followed at a time: a person who asks twice at once is no second message.
	following sync.Mutex
	reported  map[string]bool
}

// A refusal, as it is answered.
type refusal struct {
	code   int
	reason string
}

func (r refusal) Error() string { return r.reason }

func (g *gate) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /approvals/{name}", g.answer("get", g.pending))
	mux.HandleFunc("POST /approvals/{name}", g.answer("create", g.decide))
	return mux
}

type step func(ctx context.Context, who string, a approval, r *http.Request, correlation string) (any, error)

// answer runs a step for a person who may take it, and turns what comes of it into JSON.
func (g *gate) answer(verb string, next step) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		correlation, name := rand.Text(), r.PathValue("name")
		result, err := func() (any, error) {
			who, err := g.admit(r, verb, name)
			if err != nil {
				return nil, err
			}
			a, known := g.approvals[name]
			if !known {
				return nil, refusal{http.StatusNotFound, "there is no such approval"}
			}
			return next(r.Context(), who, a, r, correlation)
		}()
		w.Header().Set("Content-Type", "application/json")
		code := http.StatusOK
		var refused refusal
		if errors.As(err, &refused) {
			code, result = refused.code, map[string]string{"error": refused.reason}
			write("approval.refused", "refused", "warning", correlation, map[string]any{"approval.name": name, "http.status_code": code})
		} else if err != nil {
			code, result = http.StatusServiceUnavailable, map[string]string{"error": "not decided or not sent yet; ask again", "correlation_id": correlation}
			write("approval.failed", "error", "error", correlation, map[string]any{"approval.name": name, "error.type": fmt.Sprintf("%T", err)})
			fmt.Fprintln(os.Stderr, correlation, err)
		}
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(result)
	}
}

// admit tells who asks, by a token of the cluster, and whether they may: `create` or `get` on this approval.
func (g *gate) admit(r *http.Request, verb, name string) (string, error) {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer || token == "" {
		return "", refusal{http.StatusUnauthorized, "a bearer token of the cluster is needed"}
	}
	review, err := g.client.AuthenticationV1().TokenReviews().Create(r.Context(), &authenticationv1.TokenReview{
		Spec: authenticationv1.TokenReviewSpec{Token: token, Audiences: g.audiences},
	}, metav1.CreateOptions{})
	if err != nil {
		return "", err
	}
	if !review.Status.Authenticated || review.Status.User.Username == "" {
		return "", refusal{http.StatusUnauthorized, "the token is not one of this cluster, or for somebody else"}
	}
	if len(g.audiences) > 0 && len(review.Status.Audiences) == 0 {
		return "", refusal{http.StatusUnauthorized, "the token was made for another audience"}
	}
	user := review.Status.User
	extra := map[string]authorizationv1.ExtraValue{}
	for key, values := range user.Extra {
		extra[key] = authorizationv1.ExtraValue(values)
	}
	access, err := g.client.AuthorizationV1().SubjectAccessReviews().Create(r.Context(), &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{
			User: user.Username, Groups: user.Groups, UID: user.UID, Extra: extra,
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: g.ledger.namespace, Verb: verb, Group: apiGroup, Resource: "approvals", Name: name,
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return "", err
	}
	if !access.Status.Allowed || access.Status.Denied {
		return "", refusal{http.StatusForbidden, fmt.Sprintf("%s may not %s approvals.%s %s", user.Username, verb, apiGroup, name)}
	}
	return user.Username, nil
}

// decide takes a decision down, writes it to the log, and then lets follow what must.
func (g *gate) decide(ctx context.Context, who string, a approval, r *http.Request, correlation string) (any, error) {
	var asked request
	decoder := json.NewDecoder(io.LimitReader(r.Body, largestRequest))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&asked); err != nil {
		return nil, refusal{http.StatusBadRequest, "the request is no decision: bucket, key, versionId, decision, comment"}
	}
	if reason := a.refuses(asked); reason != "" {
		return nil, refusal{http.StatusUnprocessableEntity, reason}
	}
	sum, err := g.store.digest(ctx, asked.Bucket, asked.Key, asked.VersionID)
	if errors.Is(err, errNoVersion) {
		return nil, refusal{http.StatusNotFound, err.Error()}
	}
	if err != nil {
		return nil, err
	}
	wanted := decision{
		Workload: g.workload, Approval: a.Name, Bucket: asked.Bucket, Key: asked.Key, VersionID: asked.VersionID,
		Decision: asked.Decision, Approver: who, Comment: asked.Comment, At: time.Now().UTC().Format(time.RFC3339Nano), SHA256: sum,
	}
	kept, first, err := g.ledger.take(ctx, wanted)
	if err != nil {
		return nil, err
	}
	taken, err := decisionOf(kept)
	if err != nil {
		return nil, err
	}
	if !first && (taken.Approver != who || taken.Decision != asked.Decision || kept.Labels[stateLabel] == done) {
		return nil, refusal{http.StatusConflict, fmt.Sprintf("this version was %s by %s at %s", strings.ToLower(taken.Decision), taken.Approver, taken.At)}
	}
	// Of a caller who went away the decision stands all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	if err := g.follow(ctx, kept, correlation); err != nil {
		return nil, err
	}
	return map[string]string{"decision": taken.Decision, "execution": taken.execution(), "at": taken.At}, nil
}

// follow does what a decision that was taken still lacks: the record, then the message. It may be done twice: the message
// carries the execution's id, as on AWS.
func (g *gate) follow(ctx context.Context, found *corev1.ConfigMap, correlation string) error {
	g.following.Lock()
	defer g.following.Unlock()
	kept, err := g.ledger.get(ctx, found.Name)
	if err != nil || kept.Labels[stateLabel] == done {
		return err
	}
	d, err := decisionOf(kept)
	if err != nil {
		return err
	}
	a, known := g.approvals[d.Approval]
	if !known || a.Bucket != d.Bucket {
		return fmt.Errorf("decision %s is of an approval that is not configured", kept.Name)
	}
	comment := sha256.Sum256([]byte(d.Comment))
	write("approval.decided", "ok", "notice", correlation, map[string]any{
		"approval.name": d.Approval, "approval.decision": d.Decision, "approval.execution": d.execution(),
		"approval.decided_at": d.At, "approval.comment_sha256": hex.EncodeToString(comment[:]), "enduser.id": d.Approver,
		"s3.bucket": d.Bucket, "s3.key": quoted(d.Key), "s3.version": d.VersionID, "s3.sha256": d.SHA256,
	})
	if d.Decision == approved {
		if err := g.queue.send(ctx, a.QueueURL, d.message()); err != nil {
			return err
		}
		write("approval.released", "ok", "informational", correlation, map[string]any{
			"approval.name": d.Approval, "approval.execution": d.execution()})
	}
	return g.ledger.finish(ctx, kept)
}

func (g *gate) pending(ctx context.Context, _ string, a approval, _ *http.Request, _ string) (any, error) {
	return g.undecided(ctx, a)
}

func (g *gate) undecided(ctx context.Context, a approval) ([]version, error) {
	all, err := g.store.versions(ctx, a.Bucket, a.Prefix)
	if err != nil {
		return nil, err
	}
	kept, err := g.ledger.list(ctx, stateLabel)
	if err != nil {
		return nil, err
	}
	decided := map[string]bool{}
	for _, entry := range kept {
		decided[entry.Name] = true
	}
	waiting := []version{}
	for _, v := range all {
		d := decision{Workload: g.workload, Approval: a.Name, Bucket: a.Bucket, Key: v.Key, VersionID: v.VersionID}
		folder := strings.HasSuffix(v.Key, "/")
		if !folder && v.VersionID != "null" && !decided["approval-"+d.execution()] {
			waiting = append(waiting, v)
		}
	}
	return waiting, nil
}

// tend finishes what was left half done, and says once of each new version that it waits.
func (g *gate) tend(ctx context.Context) error {
	left, err := g.ledger.list(ctx, stateLabel+"="+unsent)
	if err != nil {
		return err
	}
	faults := []error{}
	for i := range left {
		// One that a request works on at this moment is left to it.
		if time.Since(left[i].CreationTimestamp.Time) > callTimeout {
			faults = append(faults, g.follow(ctx, &left[i], rand.Text()))
		}
	}
	for _, a := range g.approvals {
		waiting, err := g.undecided(ctx, a)
		faults = append(faults, err)
		for _, v := range waiting {
			key := a.Name + "\x00" + v.Key + "\x00" + v.VersionID
			if !g.reported[key] {
				g.reported[key] = true
				write("object.handed_off", "ok", "notice", rand.Text(), map[string]any{
					"approval.name": a.Name, "s3.key": quoted(v.Key), "s3.version": v.VersionID})
			}
		}
	}
	return errors.Join(faults...)
}
