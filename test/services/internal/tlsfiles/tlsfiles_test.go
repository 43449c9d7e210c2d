package tlsfiles

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// authority issues certificates into files.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	file        string
}

func newAuthority(t *testing.T) authority {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tests"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, _ := x509.ParseCertificate(der)
	file := filepath.Join(t.TempDir(), "ca.crt")
	write(t, file, "CERTIFICATE", der)
	return authority{certificate, key, file}
}

func (a authority) issue(t *testing.T, directory, name string, serial int64) (certificate, keyFile string) {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	private, _ := x509.MarshalPKCS8PrivateKey(key)
	certificate, keyFile = filepath.Join(directory, "tls.crt"), filepath.Join(directory, "tls.key")
	write(t, certificate, "CERTIFICATE", der)
	write(t, keyFile, "PRIVATE KEY", private)
	return certificate, keyFile
}

func write(t *testing.T, file, kind string, der []byte) {
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// serving is a service with a certificate for `service`, callers `backend` allowed; health open.
func serving(t *testing.T, a authority, minimum string) (*httptest.Server, string) {
	directory := t.TempDir()
	certificate, key := a.issue(t, directory, "service", 10)
	for name, value := range map[string]string{"TLS_CERT_FILE": certificate, "TLS_KEY_FILE": key, "TLS_CA_FILE": a.file, "TLS_MIN_VERSION": minimum, "ALLOWED_CALLERS": "backend, other"} {
		t.Setenv(name, value)
	}
	files, err := FromEnvironment(tls.VersionTLS12)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(files.OnlyCallers(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), func(*http.Request) {}, "/healthz"))
	server.TLS = files.Server()
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, directory
}

// caller calls as name, with a certificate of the authority; empty: with none.
func caller(t *testing.T, trusted, by authority, name string, highest uint16) *http.Client {
	pool := x509.NewCertPool()
	pool.AddCert(trusted.certificate)
	config := &tls.Config{RootCAs: pool, ServerName: "service", MaxVersion: highest}
	if name != "" {
		pair, err := tls.LoadX509KeyPair(by.issue(t, t.TempDir(), name, 20))
		if err != nil {
			t.Fatal(err)
		}
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
}

// status of a call; 0: the handshake failed.
func status(client *http.Client, url string) int {
	answer, err := client.Get(url)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

func TestOnlyNamedCallersPass(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	server, _ := serving(t, ours, "1.2")
	for _, one := range []struct {
		what     string
		client   *http.Client
		path     string
		expected int
	}{
		{"a named caller", caller(t, ours, ours, "backend", 0), "/v1", 200},
		{"another service of the workload", caller(t, ours, ours, "frontend", 0), "/v1", 403},
		{"nobody", caller(t, ours, ours, "", 0), "/v1", 403},
		{"nobody, asking for health", caller(t, ours, ours, "", 0), "/healthz", 200},
		{"the name, by another authority", caller(t, ours, theirs, "backend", 0), "/v1", 0},
		{"another authority, asking for health", caller(t, ours, theirs, "backend", 0), "/healthz", 0},
	} {
		if found := status(one.client, server.URL+one.path); found != one.expected {
			t.Errorf("%s: %d", one.what, found)
		}
	}
}

func TestTheLeastVersionHolds(t *testing.T) {
	a := newAuthority(t)
	server, _ := serving(t, a, "1.3")
	if status(caller(t, a, a, "backend", tls.VersionTLS12), server.URL) != 0 {
		t.Error("TLS 1.2 passed")
	}
	if status(caller(t, a, a, "backend", 0), server.URL) != 200 {
		t.Error("TLS 1.3 did not")
	}
}

func TestARenewedCertificateIsServedWithoutARestart(t *testing.T) {
	a := newAuthority(t)
	server, directory := serving(t, a, "")
	serial := func() int64 {
		connection, err := tls.Dial("tcp", server.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		return connection.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if serial() != 10 {
		t.Fatal("not the first")
	}
	if err := os.WriteFile(filepath.Join(directory, "tls.crt"), []byte("half written"), 0o600); err != nil {
		t.Fatal(err)
	}
	if serial() != 10 {
		t.Fatal("files amid their replacement end the service")
	}
	a.issue(t, directory, "service", 11)
	if serial() != 11 {
		t.Fatal("not the renewed one")
	}
}

func TestAPeerIsCheckedByTheAuthorityAndItsName(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	for _, one := range []struct {
		what, name string
		by         authority
		passes     bool
	}{{"the peer", "service", ours, true}, {"another name", "impostor", ours, false}, {"another authority", "service", theirs, false}} {
		pair, err := tls.LoadX509KeyPair(one.by.issue(t, t.TempDir(), one.name, 30))
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		t.Setenv("TLS_CA_FILE", ours.file)
		files, err := FromEnvironment(tls.VersionTLS12)
		if err != nil {
			t.Fatal(err)
		}
		config := files.Client()
		config.ServerName = "service"
		found := status(&http.Client{Transport: &http.Transport{TLSClientConfig: config}}, server.URL)
		server.Close()
		if (found == 200) != one.passes {
			t.Errorf("%s: %d", one.what, found)
		}
	}
}

func TestWrongVariablesAreRefused(t *testing.T) {
	for _, wrong := range []map[string]string{
		{"TLS_MIN_VERSION": "1.1"}, {"TLS_CERT_FILE": "/x"}, {"ALLOWED_CALLERS": "backend"}, {"TLS_CA_FILE": "/no/such/file"}, {"TLS_CERT_FILE": "/x", "TLS_KEY_FILE": "/y"},
	} {
		t.Run("", func(t *testing.T) {
			for name, value := range wrong {
				t.Setenv(name, value)
			}
			if _, err := FromEnvironment(tls.VersionTLS12); err == nil {
				t.Errorf("%v passed", wrong)
			}
		})
	}
}
