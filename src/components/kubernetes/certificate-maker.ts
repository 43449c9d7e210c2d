// Kubernetes components: makes keys and certificates (RFC 5280, ECDSA P-256). Libraries are loaded where they are used: most
// commands of the installer make none (SA-6).
import type { webcrypto } from "node:crypto";
import type * as x509 from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
export const DAY_MS = 86_400_000;
/** Clocks differ: a certificate is good a little before it is made. */
const SKEW_MS = 300_000;

/** A certificate and its key, in PEM. */
export interface KeyPair {
  certificate: string;
  key: string;
  /** When it ends, RFC 3339. */
  notAfter: string;
}

export interface AuthorityInputs {
  /** Name of the authority, for a person who reads a certificate. */
  commonName: string;
  validityDays: number;
}

export interface LeafInputs {
  commonName: string;
  dnsNames: string[];
  usages: ("server" | "client")[];
  validityDays: number;
  /** The authority that signs, in PEM. */
  authority: { certificate: string; key: string };
}

/** An authority that signs leaves only. */
export async function makeAuthority({ commonName, validityDays }: AuthorityInputs): Promise<KeyPair> {
  const { library, crypto } = loadLibrary();
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const period = periodOf(validityDays);
  const certificate = await library.X509CertificateGenerator.createSelfSigned(
    {
      name: nameOf(commonName),
      keys,
      ...period,
      signingAlgorithm: algorithm,
      extensions: [
        new library.BasicConstraintsExtension(true, 0, true),
        new library.KeyUsagesExtension(library.KeyUsageFlags.keyCertSign | library.KeyUsageFlags.cRLSign, true),
        await library.SubjectKeyIdentifierExtension.create(keys.publicKey, false, crypto),
      ],
    },
    crypto,
  );
  return pairOf(library, crypto, certificate, keys.privateKey, period.notAfter);
}

/** A certificate for a server, a client or both. */
export async function makeLeaf(inputs: LeafInputs): Promise<KeyPair> {
  const { library, crypto } = loadLibrary();
  const issuer = new library.X509Certificate(inputs.authority.certificate);
  const signingKey = await crypto.subtle.importKey(
    "pkcs8",
    library.PemConverter.decodeFirst(inputs.authority.key),
    algorithm,
    false,
    ["sign"],
  );
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const period = periodOf(inputs.validityDays);
  // No leaf outlives who signed it.
  const notAfter = period.notAfter < issuer.notAfter ? period.notAfter : issuer.notAfter;
  const usages = { server: library.ExtendedKeyUsage.serverAuth, client: library.ExtendedKeyUsage.clientAuth };
  const certificate = await library.X509CertificateGenerator.create(
    {
      subject: nameOf(inputs.commonName),
      issuer: issuer.subject,
      publicKey: keys.publicKey,
      signingKey,
      signingAlgorithm: algorithm,
      notBefore: period.notBefore,
      notAfter,
      extensions: [
        new library.BasicConstraintsExtension(false, undefined, true),
        new library.KeyUsagesExtension(library.KeyUsageFlags.digitalSignature, true),
        new library.ExtendedKeyUsageExtension(inputs.usages.map(usage => usages[usage])),
        new library.SubjectAlternativeNameExtension(inputs.dnsNames.map(value => ({ type: "dns" as const, value }))),
        await library.AuthorityKeyIdentifierExtension.create(issuer, false, crypto),
        await library.SubjectKeyIdentifierExtension.create(keys.publicKey, false, crypto),
      ],
    },
    crypto,
  );
  return pairOf(library, crypto, certificate, keys.privateKey, notAfter);
}

function loadLibrary() {
  require("reflect-metadata");
  const library = require("@peculiar/x509") as typeof x509;
  const { webcrypto } = require("node:crypto") as typeof import("node:crypto");
  return { library, crypto: webcrypto };
}

/** Escapes what has a meaning in a distinguished name (RFC 4514). */
function nameOf(commonName: string): string {
  return `CN=${commonName.replace(/[\\,+"<>;=#]/g, "\\$&")}`;
}

function periodOf(days: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - SKEW_MS), notAfter: new Date(now + days * DAY_MS) };
}

async function pairOf(
  library: typeof x509,
  crypto: webcrypto.Crypto,
  certificate: x509.X509Certificate,
  privateKey: webcrypto.CryptoKey,
  notAfter: Date,
): Promise<KeyPair> {
  const der = await crypto.subtle.exportKey("pkcs8", privateKey);
  return {
    certificate: `${certificate.toString("pem")}\n`,
    key: `${library.PemConverter.encode(der, "PRIVATE KEY")}\n`,
    notAfter: notAfter.toISOString(),
  };
}
