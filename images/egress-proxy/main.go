// Egress proxy: lets the one service it stands beside call the hosts on its list, and nothing else (RT-27, SP-13).
//
// It takes HTTP CONNECT only, so it sees host names and never content. A host passes by its name and port as they stand on
// the list, and only if the name leads to a public address: a name that somebody points into the VPC opens nothing there.
//
// Smokescreen does the like for Stripe, on a fork of the same library that has no releases; hence this, on the library itself.
//
//	EGRESS_ACL           {"action":"enforce","hosts":["api.telegram.org:443"]}; with "open" any host passes on port 443
//	EGRESS_LISTEN        address to listen on, default :4750
//	EGRESS_ALLOW_RANGES  private ranges that may be dialled after all, such as 127.0.0.0/8 in tests; default none
//	PALISADE_ENV, PALISADE_WORKLOAD, PALISADE_SERVICE, BUILD_SHA  who it is in its log
//
// `egress-proxy health` asks the running proxy whether it answers: the image has no shell.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/elazarl/goproxy"
)

const (
	dialTimeout = 10 * time.Second
	// Less than the 30 s between SIGTERM and SIGKILL.
	drainTimeout = 25 * time.Second
)

func main() {
	listen := os.Getenv("EGRESS_LISTEN")
	if listen == "" {
		listen = ":4750"
	}
	if len(os.Args) > 1 && os.Args[1] == "health" {
		os.Exit(health(listen))
	}
	if err := serve(listen); err != nil {
		fmt.Fprintln(os.Stderr, err)
		write("egress.ended", "error", "error", nil, nil)
		os.Exit(1)
	}
}

func serve(listen string) error {
	list, err := parseAccessList(os.Getenv("EGRESS_ACL"))
	if err != nil {
		return err
	}
	dialer, err := newPublicDialer(os.Getenv("EGRESS_ALLOW_RANGES"))
	if err != nil {
		return err
	}
	// All of it before the first connection is taken: a listener that is known to answer.
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	var tunnels sync.WaitGroup
	server := &http.Server{Handler: newProxy(list, dialer, &tunnels), ReadHeaderTimeout: 10 * time.Second}

	stop, done := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer done()
	drained := make(chan struct{})
	go func() {
		<-stop.Done()
		limit, cancel := context.WithTimeout(context.Background(), drainTimeout)
		defer cancel()
		_ = server.Shutdown(limit)
		waitFor(limit, &tunnels)
		close(drained)
	}()
	write("egress.ready", "ok", "informational", nil, map[string]any{"egress.listen": listener.Addr().String(), "egress.hosts": len(list.Hosts)})
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-drained
	return nil
}

func waitFor(limit context.Context, tunnels *sync.WaitGroup) {
	ended := make(chan struct{})
	go func() {
		tunnels.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-limit.Done():
	}
}

func newProxy(list accessList, dialer *net.Dialer, tunnels *sync.WaitGroup) *goproxy.ProxyHttpServer {
	proxy := goproxy.NewProxyHttpServer()
	proxy.Logger = quiet{}
	refuse := func(request *http.Request, target, reason string) *http.Response {
		write("egress.denied", "refused", "warning", nil, map[string]any{"egress.target": target, "egress.reason": reason})
		return goproxy.NewResponse(request, goproxy.ContentTypeText, http.StatusForbidden, "egress refused: "+reason+"\n")
	}
	proxy.OnRequest().HandleConnectFunc(func(target string, ctx *goproxy.ProxyCtx) (*goproxy.ConnectAction, string) {
		if reason := list.refuses(target); reason != "" {
			ctx.Resp = refuse(ctx.Req, target, reason)
			return goproxy.RejectConnect, target
		}
		return goproxy.OkConnect, target
	})
	proxy.OnRequest().DoFunc(func(request *http.Request, _ *goproxy.ProxyCtx) (*http.Request, *http.Response) {
		return request, refuse(request, request.URL.Host, "connect_only")
	})
	proxy.NonproxyHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			http.NotFound(w, r)
		}
	})
	proxy.ConnectDial = nil
	proxy.ConnectDialWithReq = func(request *http.Request, network, target string) (net.Conn, error) {
		began := time.Now()
		connection, err := dialer.DialContext(request.Context(), network, target)
		latency := time.Since(began).Milliseconds()
		if err != nil {
			write("egress.failed", "error", "error", &latency, map[string]any{"egress.target": target, "egress.reason": reasonOf(err)})
			return nil, err
		}
		write("egress.allowed", "ok", "informational", &latency, map[string]any{"egress.target": target})
		tcp, ok := connection.(*net.TCPConn)
		if !ok {
			return connection, nil
		}
		tunnels.Add(1)
		return &tunnel{TCPConn: tcp, end: sync.OnceFunc(tunnels.Done)}, nil
	}
	return proxy
}

// A connection to a target that says when it is over, so that a stopping proxy can wait for it.
type tunnel struct {
	*net.TCPConn
	end func()
}

func (t *tunnel) Close() error {
	defer t.end()
	return t.TCPConn.Close()
}

// Which hosts may be called.
type accessList struct {
	Action string   `json:"action"`
	Hosts  []string `json:"hosts"`
}

func parseAccessList(text string) (accessList, error) {
	var list accessList
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&list); err != nil {
		return list, fmt.Errorf("EGRESS_ACL is not an access list: %w", err)
	}
	if list.Action != "enforce" && list.Action != "open" {
		return list, fmt.Errorf("EGRESS_ACL has action %q; allowed are enforce and open", list.Action)
	}
	for _, host := range list.Hosts {
		if _, _, err := net.SplitHostPort(host); err != nil {
			return list, fmt.Errorf("EGRESS_ACL has host %q; allowed is host:port", host)
		}
	}
	return list, nil
}

// Why a target may not be called, or nothing.
func (l accessList) refuses(target string) string {
	host, port, err := net.SplitHostPort(target)
	if err != nil {
		return "no_port"
	}
	if l.Action == "open" {
		if port != "443" {
			return "port_not_443"
		}
		return ""
	}
	wanted := net.JoinHostPort(strings.ToLower(strings.TrimSuffix(host, ".")), port)
	for _, allowed := range l.Hosts {
		if wanted == allowed {
			return ""
		}
	}
	return "not_listed"
}

// Ranges without a global meaning that package netip does not know as private.
var special = prefixes("0.0.0.0/8,100.64.0.0/10,192.0.0.0/24,192.0.2.0/24,198.18.0.0/15,198.51.100.0/24,203.0.113.0/24,240.0.0.0/4,64:ff9b::/96,64:ff9b:1::/48,2001:db8::/32,2002::/16")

// A dialer that looks at each address a name led to, at the moment it dials it: no second answer of the DNS comes between.
func newPublicDialer(allowRanges string) (*net.Dialer, error) {
	var allowed []netip.Prefix
	for _, text := range strings.FieldsFunc(allowRanges, func(r rune) bool { return r == ',' }) {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("EGRESS_ALLOW_RANGES: %w", err)
		}
		allowed = append(allowed, prefix)
	}
	return &net.Dialer{Timeout: dialTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		target, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		ip := target.Addr().Unmap()
		if contains(allowed, ip) || (ip.IsGlobalUnicast() && !ip.IsPrivate() && !contains(special, ip)) {
			return nil
		}
		return fmt.Errorf("%w: %s", errNotPublic, ip)
	}}, nil
}

var errNotPublic = errors.New("not a public address")

func reasonOf(err error) string {
	if errors.Is(err, errNotPublic) {
		return "not_public"
	}
	return "unreachable"
}

func prefixes(list string) []netip.Prefix {
	var all []netip.Prefix
	for _, text := range strings.Split(list, ",") {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

func contains(all []netip.Prefix, ip netip.Addr) bool {
	for _, prefix := range all {
		if prefix.Contains(ip) {
			return true
		}
	}
	return false
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

// A log record as the platform has them (RT-23). No content ever passes through here: targets are host names and ports.
func write(event, status, severity string, latency *int64, attributes map[string]any) {
	for name, value := range attributes {
		if text, ok := value.(string); ok {
			attributes[name] = token(text)
		}
	}
	line, _ := json.Marshal(struct {
		Time          string         `json:"time"`
		Severity      string         `json:"severity"`
		Workload      string         `json:"workload"`
		Service       string         `json:"service"`
		Event         string         `json:"event"`
		CorrelationID string         `json:"correlation_id"`
		ChatIDHash    *string        `json:"chat_id_hash"`
		PersonaTag    *string        `json:"persona_tag"`
		Status        string         `json:"status"`
		LatencyMS     *int64         `json:"latency_ms"`
		Env           string         `json:"env"`
		BuildSHA      string         `json:"build_sha"`
		Attributes    map[string]any `json:"attributes,omitempty"`
	}{
		Time: time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), Severity: severity, Event: event, Status: status,
		Workload: os.Getenv("PALISADE_WORKLOAD"), Service: os.Getenv("PALISADE_SERVICE"), CorrelationID: rand.Text(),
		LatencyMS: latency, Env: os.Getenv("PALISADE_ENV"), BuildSHA: os.Getenv("BUILD_SHA"), Attributes: attributes,
	})
	fmt.Println(string(line))
}

var notToken = regexp.MustCompile(`[^A-Za-z0-9_.:/@+=-]`)

// An identifier without white space or quotes: what a client sends as a target may be anything.
func token(text string) string {
	if text == "" {
		return "-"
	}
	if len(text) > 128 {
		text = text[:128]
	}
	return notToken.ReplaceAllString(text, "_")
}

// The library's own log lines; ours say what matters, and in JSON.
type quiet struct{}

func (quiet) Printf(string, ...any) {}
