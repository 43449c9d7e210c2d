// Secrets on the spot: whether a certificate that is there still does, or is to be made anew (SA-6). Pure but for making one.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { makeLeaf } from "../../components/kubernetes/certificate-maker";
import type { SecretPlan } from "../../components/kubernetes/secret-plan";
import type { Authority, Pair } from "./authorities";

const dayMs = 86_400_000;
/** Days that a certificate is good for. An installer comes by less often than an update of the engine. */
const leafDays = 397;
/** Days before its end from which any install or upgrade makes it anew. */
const renewDays = 60;

type Wanted = NonNullable<SecretPlan["certificate"]>;

const oids = { server: "1.3.6.1.5.5.7.3.1", client: "1.3.6.1.5.5.7.3.2" } as const;

/** Whether the pair says what is wanted, fits together, is signed by what signs now, and lasts long enough. */
export function isGood({ certificate, key }: Pair, wanted: Wanted, { current }: Authority, now: number): boolean {
  try {
    const leaf = new X509Certificate(certificate);
    const issuer = new X509Certificate(current.certificate);
    const names = (leaf.subjectAltName ?? "").split(", ").map(name => name.replace(/^DNS:/, ""));
    const usages = wanted.usages.map(usage => oids[usage]);
    // No leaf outlives who signed it: near that end, a new one would be no better.
    const enough = Math.min(renewDays * dayMs, Math.max(0, Date.parse(issuer.validTo) - now - dayMs));
    return (
      Date.parse(leaf.validTo) - now > enough &&
      leaf.checkIssued(issuer) &&
      leaf.verify(issuer.publicKey) &&
      leaf.checkPrivateKey(createPrivateKey(key)) &&
      leaf.subject === `CN=${wanted.commonName}` &&
      sameTexts(names, wanted.dnsNames) &&
      sameTexts(leaf.keyUsage ?? [], usages)
    );
  } catch {
    // Not a certificate at all, or not a key.
    return false;
  }
}

export async function newLeaf(wanted: Wanted, { current }: Authority): Promise<Pair> {
  const { commonName, dnsNames, usages } = wanted;
  const { certificate, key } = await makeLeaf({
    commonName,
    dnsNames,
    usages,
    validityDays: leafDays,
    authority: current,
  });
  return { certificate, key };
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return JSON.stringify([...new Set(a)].toSorted()) === JSON.stringify([...new Set(b)].toSorted());
}
