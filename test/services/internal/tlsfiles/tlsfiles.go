// Package tlsfiles is how a reference service ends and begins TLS (SA-6, SA-13).
//
//	TLS_CERT_FILE, TLS_KEY_FILE  certificate of this service, read again when the files change; without them one is made
//	                             in memory, which proves nothing to anyone
//	TLS_CA_FILE                  authority of callers and peers; with it callers are asked for a certificate
//	ALLOWED_CALLERS              DNS names or URIs, by comma, one of which a caller's certificate must have
//	TLS_MIN_VERSION              1.2 or 1.3
package tlsfiles

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Files is what the environment says.
type Files struct {
	certificate, key, authority string
	callers                     []string
	minimum                     uint16

	mutex  sync.Mutex
	loaded *tls.Certificate
	stamp  string
}

// FromEnvironment reads the variables, and the files once; lowest is the least version without TLS_MIN_VERSION.
func FromEnvironment(lowest uint16) (*Files, error) {
	f := &Files{
		certificate: os.Getenv("TLS_CERT_FILE"), key: os.Getenv("TLS_KEY_FILE"), authority: os.Getenv("TLS_CA_FILE"), minimum: lowest,
	}
	switch version := os.Getenv("TLS_MIN_VERSION"); version {
	case "":
	case "1.2":
		f.minimum = tls.VersionTLS12
	case "1.3":
		f.minimum = tls.VersionTLS13
	default:
		return nil, errors.New("TLS_MIN_VERSION must be 1.2 or 1.3")
	}
	if (f.certificate == "") != (f.key == "") {
		return nil, errors.New("TLS_CERT_FILE and TLS_KEY_FILE go together")
	}
	for _, caller := range strings.Split(os.Getenv("ALLOWED_CALLERS"), ",") {
		if caller = strings.TrimSpace(caller); caller != "" {
			f.callers = append(f.callers, caller)
		}
	}
	if len(f.callers) > 0 && f.authority == "" {
		return nil, errors.New("ALLOWED_CALLERS needs TLS_CA_FILE: without an authority a name proves nothing")
	}
	if _, err := f.current(); err != nil {
		return nil, err
	}
	if _, err := f.pool(); err != nil {
		return nil, err
	}
	return f, nil
}

// Server is the configuration of a listener. Certificate and authority are looked up for each connection.
func (f *Files) Server() *tls.Config {
	return &tls.Config{
		MinVersion: f.minimum,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			certificate, err := f.current()
			if err != nil {
				return nil, err
			}
			pool, err := f.pool()
			if err != nil {
				return nil, err
			}
			config := &tls.Config{MinVersion: f.minimum, Certificates: []tls.Certificate{*certificate}, NextProtos: []string{"h2", "http/1.1"}}
			if pool != nil {
				// Given but wrong is refused here; whether one is needed depends on the path: a probe has none.
				config.ClientCAs, config.ClientAuth = pool, tls.VerifyClientCertIfGiven
			}
			return config, nil
		},
	}
}

// Client is the configuration of calls to peers: proves who calls, and checks who answers by the authority. Without an
// authority nothing is checked, as between services of AWS, where the proxies at both ends prove who they are.
func (f *Files) Client() *tls.Config {
	config := &tls.Config{MinVersion: f.minimum}
	if f.certificate != "" {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return f.current() }
	}
	if f.authority == "" {
		config.InsecureSkipVerify = true
		return config
	}
	// The file may change: it is read for each handshake.
	config.InsecureSkipVerify = true
	config.VerifyConnection = func(state tls.ConnectionState) error {
		pool, err := f.pool()
		if err != nil {
			return err
		}
		intermediates := x509.NewCertPool()
		for _, certificate := range state.PeerCertificates[1:] {
			intermediates.AddCert(certificate)
		}
		_, err = state.PeerCertificates[0].Verify(x509.VerifyOptions{DNSName: state.ServerName, Roots: pool, Intermediates: intermediates})
		return err
	}
	return config
}

// VerifiesPeers tells whether there is an authority to check by.
func (f *Files) VerifiesPeers() bool { return f.authority != "" }

// OnlyCallers lets a request pass if its certificate has one of ALLOWED_CALLERS; the paths in open need none.
func (f *Files) OnlyCallers(next http.Handler, refused func(*http.Request), open ...string) http.Handler {
	if len(f.callers) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slices.Contains(open, r.URL.Path) || r.TLS != nil && f.allowed(r.TLS.PeerCertificates) {
			next.ServeHTTP(w, r)
			return
		}
		refused(r)
		http.Error(w, `{"error":"caller_refused"}`, http.StatusForbidden)
	})
}

func (f *Files) allowed(chain []*x509.Certificate) bool {
	if len(chain) == 0 {
		return false
	}
	names := slices.Clone(chain[0].DNSNames)
	for _, uri := range chain[0].URIs {
		names = append(names, uri.String())
	}
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(f.callers, name) })
}

func (f *Files) pool() (*x509.CertPool, error) {
	if f.authority == "" {
		return nil, nil
	}
	text, err := os.ReadFile(f.authority)
	if err != nil {
		return nil, fmt.Errorf("TLS_CA_FILE: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("TLS_CA_FILE: %s holds no certificate", f.authority)
	}
	return pool, nil
}

func (f *Files) current() (*tls.Certificate, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	stamp := stampOf(f.certificate) + stampOf(f.key)
	if f.loaded != nil && f.stamp == stamp {
		return f.loaded, nil
	}
	var made tls.Certificate
	var err error
	if f.certificate == "" {
		made, err = SelfSigned()
	} else {
		made, err = tls.LoadX509KeyPair(f.certificate, f.key)
	}
	switch {
	case err == nil:
		f.loaded, f.stamp = &made, stamp
	case f.loaded == nil:
		return nil, fmt.Errorf("TLS_CERT_FILE: %w", err)
	}
	// Files that are being replaced may not fit each other for a moment: the former certificate serves until they do.
	return f.loaded, nil
}

func stampOf(file string) string {
	info, err := os.Stat(file)
	if err != nil {
		return "-"
	}
	return fmt.Sprintf("%d/%d;", info.ModTime().UnixNano(), info.Size())
}

// SelfSigned is a certificate that encrypts and proves nothing.
func SelfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "reference-service"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
