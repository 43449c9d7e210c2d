package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Request lists what `certificates` writes into Directory: NAME.crt and NAME.key, keys readable by their owner alone.
type Request struct {
	Directory   string        `json:"directory"`
	Days        int           `json:"days"`
	Authorities []string      `json:"authorities"`
	Issue       []Certificate `json:"issue"`
	// KeyPairs are keys without a certificate: NAME.key and NAME.pub.
	KeyPairs []string `json:"keyPairs"`
}

// Certificate is one to be issued; with Names it is a server's as well as a client's.
type Certificate struct {
	Name         string   `json:"name"`
	Authority    string   `json:"authority"`
	CommonName   string   `json:"commonName"`
	Organization []string `json:"organization"`
	Names        []string `json:"names"`
}

type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func writeCertificates(request Request) error {
	if err := os.MkdirAll(request.Directory, 0o700); err != nil {
		return err
	}
	until := time.Now().AddDate(0, 0, request.Days)
	authorities := map[string]authority{}
	for _, name := range request.Authorities {
		template := &x509.Certificate{
			Subject:               pkix.Name{CommonName: "palisade local cluster " + name},
			IsCA:                  true,
			BasicConstraintsValid: true,
			KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		}
		made, err := issue(request.Directory, name, template, nil, until)
		if err != nil {
			return err
		}
		authorities[name] = made
	}
	for _, wanted := range request.Issue {
		template := &x509.Certificate{
			Subject:     pkix.Name{CommonName: wanted.CommonName, Organization: wanted.Organization},
			KeyUsage:    x509.KeyUsageDigitalSignature,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		}
		if len(wanted.Names) > 0 {
			template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
		}
		for _, name := range wanted.Names {
			if ip := net.ParseIP(name); ip != nil {
				template.IPAddresses = append(template.IPAddresses, ip)
			} else {
				template.DNSNames = append(template.DNSNames, name)
			}
		}
		issuer := authorities[wanted.Authority]
		if _, err := issue(request.Directory, wanted.Name, template, &issuer, until); err != nil {
			return err
		}
	}
	for _, name := range request.KeyPairs {
		if err := writeKeyPair(request.Directory, name); err != nil {
			return err
		}
	}
	return nil
}

func issue(directory, name string, template *x509.Certificate, issuer *authority, until time.Time) (authority, error) {
	key, err := writeKey(directory, name)
	if err != nil {
		return authority{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return authority{}, err
	}
	template.SerialNumber = serial
	// An hour back, for clocks that are set right while the cluster comes up.
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), until
	if issuer == nil {
		issuer = &authority{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer.certificate, &key.PublicKey, issuer.key)
	if err != nil {
		return authority{}, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return authority{}, err
	}
	return authority{certificate, key}, writePEM(filepath.Join(directory, name+".crt"), "CERTIFICATE", der, 0o644)
}

func writeKey(directory, name string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, writePEM(filepath.Join(directory, name+".key"), "EC PRIVATE KEY", der, 0o600)
}

func writeKeyPair(directory, name string) error {
	key, err := writeKey(directory, name)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	return writePEM(filepath.Join(directory, name+".pub"), "PUBLIC KEY", der, 0o644)
}

func writePEM(file, kind string, der []byte, mode os.FileMode) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode)
}
