// Approval gate: the one way by which an object version reaches its renderer's queue in a cluster (CP-11). A person with a
// token of the cluster decides; the decision is written down once, recorded in the log, and only then sent on.
//
//	GET  /approvals/NAME    versions that wait                       may `get` approvals.approvals.palisade.dev NAME
//	POST /approvals/NAME    {"bucket","key","versionId","decision":"Approved"|"Rejected","comment"}     may `create` it
//
//	GATE_APPROVALS   [{"name":"script","bucket":"content","prefix":"scripts/","queueUrl":"https://queue-front:9443/000000000000/render"}]
//	GATE_NAMESPACE   namespace of the ledger and of the rights that are asked for; default the one it runs in
//	GATE_AUDIENCE    whom tokens must be made for; default the API server
//	GATE_CERT, GATE_KEY                            certificate it serves with
//	AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL_SQS, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_CA_BUNDLE
//	GATE_QUEUE_CERT, GATE_QUEUE_KEY, GATE_QUEUE_CA   what it shows to the queue's front, and whom it believes
//	GATE_LISTEN      default :8443;  GATE_KUBECONFIG  file to use outside a cluster
//	PALISADE_ENV, PALISADE_WORKLOAD, PALISADE_SERVICE, BUILD_SHA  who it is in its log
//
// docs/platform-images.md lists the rights it needs.
package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	callTimeout  = 30 * time.Second
	drainTimeout = 25 * time.Second
	tendEvery    = 30 * time.Second
)

func main() {
	listen := os.Getenv("GATE_LISTEN")
	if listen == "" {
		listen = ":8443"
	}
	ctx, done := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer done()
	if err := serve(ctx, listen); err != nil {
		fmt.Fprintln(os.Stderr, err)
		write("gate.ended", "error", "error", rand.Text(), nil)
		os.Exit(1)
	}
}

func serve(ctx context.Context, listen string) error {
	g, err := newGate(ctx)
	if err != nil {
		return err
	}
	certificate, key := os.Getenv("GATE_CERT"), os.Getenv("GATE_KEY")
	load := func() (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(certificate, key)
		return &pair, err
	}
	if _, err := load(); err != nil {
		return fmt.Errorf("GATE_CERT and GATE_KEY: %w", err)
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: g.routes(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: callTimeout, IdleTimeout: time.Minute,
		// Read anew for each connection: certificates are renewed while the gate runs.
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return load() }},
	}
	go g.tendForever(ctx)
	drained := make(chan struct{})
	go func() {
		<-ctx.Done()
		limit, cancel := context.WithTimeout(context.Background(), drainTimeout)
		defer cancel()
		_ = server.Shutdown(limit)
		close(drained)
	}()
	write("gate.ready", "ok", "informational", rand.Text(), map[string]any{"gate.listen": listener.Addr().String()})
	if err := server.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-drained
	return nil
}

func (g *gate) tendForever(ctx context.Context) {
	ticks := time.NewTicker(tendEvery)
	defer ticks.Stop()
	for {
		if err := g.tend(ctx); err != nil && ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, err)
			write("gate.failed", "error", "error", rand.Text(), nil)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

func newGate(ctx context.Context) (*gate, error) {
	for _, name := range []string{"PALISADE_ENV", "PALISADE_WORKLOAD", "PALISADE_SERVICE", "BUILD_SHA"} {
		if os.Getenv(name) == "" {
			return nil, fmt.Errorf("%s is not set: the log must say who writes", name)
		}
	}
	approvals, err := parseApprovals(os.Getenv("GATE_APPROVALS"))
	if err != nil {
		return nil, err
	}
	settings, err := clusterSettings()
	if err != nil {
		return nil, err
	}
	settings.Timeout = callTimeout
	client, err := kubernetes.NewForConfig(settings)
	if err != nil {
		return nil, err
	}
	namespace, err := ownNamespace()
	if err != nil {
		return nil, err
	}
	objects, err := newStore(ctx)
	if err != nil {
		return nil, err
	}
	messages, err := newQueue(ctx)
	if err != nil {
		return nil, err
	}
	var audiences []string
	if audience := os.Getenv("GATE_AUDIENCE"); audience != "" {
		audiences = []string{audience}
	}
	return &gate{
		workload: os.Getenv("PALISADE_WORKLOAD"), approvals: approvals, audiences: audiences, client: client,
		ledger: ledger{client, namespace}, store: objects, queue: messages, reported: map[string]bool{},
	}, nil
}

func clusterSettings() (*rest.Config, error) {
	if file := os.Getenv("GATE_KUBECONFIG"); file != "" {
		return clientcmd.BuildConfigFromFlags("", file)
	}
	return rest.InClusterConfig()
}

func ownNamespace() (string, error) {
	if name := os.Getenv("GATE_NAMESPACE"); name != "" {
		return name, nil
	}
	text, err := os.ReadFile("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
	if err != nil {
		return "", errors.New("GATE_NAMESPACE is not set, and there is no service account to tell")
	}
	return strings.TrimSpace(string(text)), nil
}
