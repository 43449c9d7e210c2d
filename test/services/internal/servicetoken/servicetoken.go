// Package servicetoken is how one service proves itself to another beside its certificate (SA-13): a signed token of a minute.
package servicetoken

import (
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"palisade.dev/services/internal/record"
)

const life = time.Minute

// Sign makes a token by which from calls to.
func Sign(key, from, to string) (string, error) {
	now := time.Now()
	return jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Issuer: from, Audience: jwt.ClaimStrings{to}, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(life)), ID: record.NewCorrelation(),
	}).SignedString([]byte(key))
}

// Verify returns who calls.
func Verify(key, token, to string) (string, error) {
	var claims jwt.RegisteredClaims
	_, err := jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return []byte(key), nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithAudience(to), jwt.WithExpirationRequired(), jwt.WithIssuedAt())
	if err != nil {
		return "", err
	}
	if claims.Issuer == "" {
		return "", errors.New("the token names no caller")
	}
	return claims.Issuer, nil
}
