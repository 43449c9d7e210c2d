// Workload guard: does for one namespace what Kubernetes has not. A workload that has used up its restart budget is stopped
// (RT-5); one under load is throttled first, and grows only if that does not help (RT-6, RT-7).
//
// It looks every few seconds and keeps nothing but two minutes of measurements: counts, reasons and steps lie in annotations
// and ConfigMaps, written under the version that was read. It may be killed at any moment. Run one replica, `Recreate`;
// two would do no harm.
//
//	GUARD_NAMESPACE    namespace it looks after; default the one it runs in
//	GUARD_METRICS_URL  where the collector shows the services' metrics in Prometheus' format; none: CPU alone counts
//	GUARD_MEASURE_SECONDS  seconds between two measurements, default 60; fewer in tests only
//	GUARD_LISTEN       address of /healthz, default :8080
//	GUARD_KUBECONFIG   file to use outside a cluster
//	PALISADE_ENV, PALISADE_WORKLOAD, PALISADE_SERVICE, BUILD_SHA  who it is in its log
//
// docs/platform-images.md lists the rights it needs. `workload-guard health` asks the running guard: the image has no shell.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	lookEvery   = 3 * time.Second
	callTimeout = 20 * time.Second
	// Without a whole look for so long the guard is not healthy.
	staleAfter = time.Minute
)

type guard struct {
	client     kubernetes.Interface
	namespace  string
	name       string
	metricsURL string
	// Between two measurements of the ladder; a minute, as on AWS.
	measureEvery time.Duration

	histories   map[types.UID]*history
	memoryKept  map[types.UID]bool
	shownBefore families
	measured    time.Time
	faults      map[string]string
	lastLook    atomic.Int64
}

func main() {
	listen := orDefault(os.Getenv("GUARD_LISTEN"), ":8080")
	if len(os.Args) > 1 && os.Args[1] == "health" {
		os.Exit(health(listen))
	}
	if err := serve(listen); err != nil {
		fmt.Fprintln(os.Stderr, err)
		write("guard.ended", "error", "error", nil)
		os.Exit(1)
	}
}

func serve(listen string) error {
	for _, name := range []string{"PALISADE_ENV", "PALISADE_WORKLOAD", "PALISADE_SERVICE", "BUILD_SHA"} {
		if os.Getenv(name) == "" {
			return fmt.Errorf("%s is not set: the log must say who writes", name)
		}
	}
	settings, err := clusterSettings()
	if err != nil {
		return err
	}
	settings.Timeout = callTimeout
	client, err := kubernetes.NewForConfig(settings)
	if err != nil {
		return err
	}
	namespace, err := ownNamespace()
	if err != nil {
		return err
	}
	hostname, _ := os.Hostname()
	g := newGuard(client, namespace, hostname, os.Getenv("GUARD_METRICS_URL"))
	if text := os.Getenv("GUARD_MEASURE_SECONDS"); text != "" {
		seconds, err := strconv.Atoi(text)
		if err != nil || seconds < 1 || seconds > 60 {
			return fmt.Errorf("GUARD_MEASURE_SECONDS is %q; 1 to 60 are allowed", text)
		}
		g.measureEvery = time.Duration(seconds) * time.Second
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.HandlerFunc(g.healthz), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	ctx, done := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer done()
	write("guard.ready", "ok", "informational", map[string]any{"k8s.namespace": namespace})
	ticks := time.NewTicker(lookEvery)
	defer ticks.Stop()
	for {
		g.look(ctx, time.Now())
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
	}
}

func newGuard(client kubernetes.Interface, namespace, name, metricsURL string) *guard {
	g := &guard{client: client, namespace: namespace, name: name, metricsURL: metricsURL,
		measureEvery: time.Minute, histories: map[types.UID]*history{}, memoryKept: map[types.UID]bool{}, faults: map[string]string{}}
	g.lastLook.Store(time.Now().Unix())
	return g
}

// look takes one turn over all workloads. One that fails does not hold up the others.
func (g *guard) look(ctx context.Context, now time.Time) {
	all, err := workloadsOf(ctx, g.client, g.namespace)
	g.report("look", err)
	if err != nil {
		return
	}
	measuring := now.Sub(g.measured) >= g.measureEvery
	var shown families
	if measuring {
		g.measured = now
		shown, err = g.shownNow(ctx)
		g.report("metrics", err)
	}
	for _, w := range all {
		if w.meta.Annotations == nil {
			continue
		}
		g.report("brake/"+w.kind+"/"+w.meta.Name, g.brake(ctx, w, now))
		if measuring {
			g.report("ladder/"+w.kind+"/"+w.meta.Name, g.climb(ctx, w, shown, now))
		}
	}
	if measuring {
		g.shownBefore = shown
	}
	g.lastLook.Store(now.Unix())
}

func (g *guard) shownNow(ctx context.Context) (families, error) {
	if g.metricsURL == "" {
		return nil, nil
	}
	limited, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return scrape(limited, http.DefaultClient, g.metricsURL)
}

// report says once what went wrong, and once that it is over. That somebody else was faster is no fault.
func (g *guard) report(what string, err error) {
	if apierrors.IsConflict(err) || errors.Is(err, context.Canceled) {
		return
	}
	reason := ""
	if err != nil {
		reason = err.Error()
	}
	if g.faults[what] == reason {
		return
	}
	if err != nil {
		// For people on standard error; in the record only names.
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		write("guard.failed", "error", "error", map[string]any{"guard.task": what, "error.reason": string(apierrors.ReasonForError(err))})
	} else if g.faults[what] != "" {
		write("guard.recovered", "ok", "notice", map[string]any{"guard.task": what})
	}
	g.faults[what] = reason
}

func (g *guard) healthz(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/healthz" {
		http.NotFound(w, r)
		return
	}
	if time.Since(time.Unix(g.lastLook.Load(), 0)) > staleAfter {
		http.Error(w, "no look for a minute", http.StatusServiceUnavailable)
	}
}

func health(listen string) int {
	_, port, err := net.SplitHostPort(listen)
	if err != nil {
		return 1
	}
	client := http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{Proxy: nil}}
	response, err := client.Get("http://" + net.JoinHostPort("127.0.0.1", port) + "/healthz")
	if err != nil {
		return 1
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 1
	}
	return 0
}

func clusterSettings() (*rest.Config, error) {
	if file := os.Getenv("GUARD_KUBECONFIG"); file != "" {
		return clientcmd.BuildConfigFromFlags("", file)
	}
	return rest.InClusterConfig()
}

func ownNamespace() (string, error) {
	if name := os.Getenv("GUARD_NAMESPACE"); name != "" {
		return name, nil
	}
	text, err := os.ReadFile("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
	if err != nil {
		return "", errors.New("GUARD_NAMESPACE is not set, and there is no service account to tell")
	}
	return strings.TrimSpace(string(text)), nil
}
