package lease

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

const account = "/var/run/secrets/kubernetes.io/serviceaccount"

// Kubernetes is a Lease in a cluster, spoken to directly: the two calls are a tenth of what a client library would bring.
type Kubernetes struct {
	collection, name, namespace, tokenFile string
	client                                 *http.Client
	// The object as it was last seen: what others put there, labels for one, stays when it is written.
	last map[string]any
}

// InCluster finds the API server as every pod does, by its service account.
func InCluster(namespace, name string) (*Kubernetes, error) {
	host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
	if host == "" || port == "" {
		return nil, errors.New("KUBERNETES_SERVICE_HOST is not set: LEASE_KIND=kubernetes works in a cluster only")
	}
	authority, err := os.ReadFile(account + "/ca.crt")
	if err != nil {
		return nil, fmt.Errorf("the pod has no service-account token: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		return nil, errors.New("the service account's ca.crt holds no certificate")
	}
	return NewKubernetes("https://"+net.JoinHostPort(host, port), account+"/token", namespace, name, &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}), nil
}

// NewKubernetes is a Lease of an API server at an address.
func NewKubernetes(server, tokenFile, namespace, name string, config *tls.Config) *Kubernetes {
	return &Kubernetes{
		collection: server + "/apis/coordination.k8s.io/v1/namespaces/" + namespace + "/leases", name: name, namespace: namespace, tokenFile: tokenFile,
		// Inside: through no proxy. A call that hangs must not outlast the lease.
		client: &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{TLSClientConfig: config, IdleConnTimeout: time.Minute}},
	}
}

func (k *Kubernetes) Read(ctx context.Context) (State, error) {
	status, err := k.call(ctx, http.MethodGet, k.collection+"/"+k.name, nil)
	if err != nil || status == http.StatusNotFound {
		return State{}, err
	}
	return k.state(), nil
}

// Write fails with ErrConflict if the lease was written since version: the server compares, and nobody else.
func (k *Kubernetes) Write(ctx context.Context, version, holder string, duration time.Duration) (State, error) {
	wanted, method, address := map[string]any{}, http.MethodPost, k.collection
	if version != "" {
		wanted, method, address = maps.Clone(k.last), http.MethodPut, k.collection+"/"+k.name
	}
	wanted["apiVersion"], wanted["kind"] = "coordination.k8s.io/v1", "Lease"
	metadata := maps.Clone(part(wanted, "metadata"))
	metadata["name"], metadata["namespace"] = k.name, k.namespace
	if version != "" {
		metadata["resourceVersion"] = version
	}
	spec := maps.Clone(part(wanted, "spec"))
	spec["holderIdentity"], spec["leaseDurationSeconds"] = holder, max(int(duration.Round(time.Second).Seconds()), 1)
	spec["renewTime"] = time.Now().UTC().Format("2006-01-02T15:04:05.000000Z")
	wanted["metadata"], wanted["spec"] = metadata, spec
	status, err := k.call(ctx, method, address, wanted)
	if err != nil {
		return State{}, err
	}
	if status == http.StatusConflict || status == http.StatusNotFound {
		return State{}, ErrConflict
	}
	return k.state(), nil
}

// part is an object within an object; never nil.
func part(of map[string]any, name string) map[string]any {
	if inner, is := of[name].(map[string]any); is {
		return inner
	}
	return map[string]any{}
}

func (k *Kubernetes) state() State {
	spec := part(k.last, "spec")
	s := State{}
	s.Version, _ = part(k.last, "metadata")["resourceVersion"].(string)
	s.Holder, _ = spec["holderIdentity"].(string)
	if seconds, is := spec["leaseDurationSeconds"].(float64); is {
		s.Duration = time.Duration(seconds) * time.Second
	}
	return s
}

func (k *Kubernetes) call(ctx context.Context, method, address string, body map[string]any) (int, error) {
	var payload io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		payload = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, address, payload)
	if err != nil {
		return 0, err
	}
	// Read each time: tokens of service accounts are short-lived.
	token, err := os.ReadFile(k.tokenFile)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	request.Header.Set("Content-Type", "application/json")
	response, err := k.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK, http.StatusCreated:
		var found map[string]any
		err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&found)
		k.last = found
		return response.StatusCode, err
	case http.StatusNotFound, http.StatusConflict:
		return response.StatusCode, nil
	}
	return response.StatusCode, fmt.Errorf("the API server answered %d to %s of lease %s/%s", response.StatusCode, method, k.namespace, k.name)
}
