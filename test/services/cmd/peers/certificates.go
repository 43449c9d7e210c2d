package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// certificatesCommand makes an authority (ca.crt; its key is thrown away) and a certificate of it for each -names: NAME.crt and
// NAME.key by the first name, and the first of all once more as tls.crt and tls.key.
func certificatesCommand(args []string) error {
	flags := flag.NewFlagSet("certificates", flag.ContinueOnError)
	out := flags.String("out", "", "directory")
	var all headers
	flags.Var(&all, "names", "DNS names and addresses of one certificate, by comma; any number of times")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" || len(all) == 0 {
		return errors.New("peers certificates: -out and -names are needed")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	// A name of its own: who trusts two authorities of one name checks by the wrong one.
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tests only " + rand.Text()}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 0, 7),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, authority, authority, key.Public(), key)
	if err != nil {
		return err
	}
	if err := writePEM(filepath.Join(*out, "ca.crt"), "CERTIFICATE", der); err != nil {
		return err
	}
	for i, names := range all {
		list := strings.Split(names, ",")
		if strings.ContainsAny(list[0], "/\\") {
			return fmt.Errorf("peers certificates: %q is no name of a file", list[0])
		}
		files := []string{list[0]}
		if i == 0 {
			files = append(files, "tls")
		}
		if err := issue(*out, files, list, authority, key, int64(i+2)); err != nil {
			return err
		}
	}
	return nil
}

func issue(out string, files, names []string, authority *x509.Certificate, authorityKey *ecdsa.PrivateKey, serial int64) error {
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: names[0]}, NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else {
			leaf.DNSNames = append(leaf.DNSNames, name)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, authority, key.Public(), authorityKey)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	for _, file := range files {
		path := filepath.Join(out, file)
		if err := errors.Join(writePEM(path+".crt", "CERTIFICATE", der), writePEM(path+".key", "PRIVATE KEY", private)); err != nil {
			return err
		}
	}
	return nil
}

func writePEM(file, kind string, der []byte) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
