// Secrets on the spot: the authorities that sign certificates, one for each workload and one for the platform, and how one follows another (SA-6).
import { X509Certificate } from "node:crypto";
import { makeAuthority } from "../../components/kubernetes/certificate-maker";

const dayMs = 86_400_000;
/** Days that an authority is good for. */
const authorityDays = 3650;
/** Days before its end from which its successor is made known. */
const successorDays = 365;
/** Hours for which a successor is only trusted before it signs: pods started before learn of it meanwhile. */
const trustedFirstHours = 24;

export interface Pair {
  /** In PEM. */
  certificate: string;
  /** In PEM. */
  key: string;
}

export interface Authority {
  /** Signs. */
  current: Pair;
  /** Trusted already, and to sign next. */
  next?: Pair;
  /** Certificates that signed once, and still are trusted until their end, in PEM. */
  previous: string[];
}

/** What to do about an authority. Pure. */
export type AuthorityStep = "keep" | "make" | "make successor" | "succeed";

export function stepOf(authority: Authority | undefined, now: number): AuthorityStep {
  if (!authority) return "make";
  const left = endOf(authority.current.certificate) - now;
  if (authority.next) {
    const isKnown = now - beginningOf(authority.next.certificate) >= trustedFirstHours * 3_600_000;
    return isKnown || left <= 0 ? "succeed" : "keep";
  }
  // Already over: nobody trusts it, so that there is nothing to go on with.
  if (left <= 0) return "make";
  return left <= successorDays * dayMs ? "make successor" : "keep";
}

/** The authority as it is to be from now on; the same one where nothing is to be done. */
export async function advanced(authority: Authority | undefined, commonName: string, now: number): Promise<Authority> {
  const make = async (): Promise<Pair> => {
    const { certificate, key } = await makeAuthority({ commonName, validityDays: authorityDays });
    return { certificate, key };
  };
  const previous = (authority?.previous ?? []).filter(certificate => endOf(certificate) > now);
  switch (stepOf(authority, now)) {
    case "make":
      return { current: await make(), previous };
    case "make successor":
      return authority ? { ...authority, previous, next: await make() } : { current: await make(), previous };
    case "succeed":
      if (!authority?.next) throw new Error("an authority without a successor cannot be followed by it");
      return { current: authority.next, previous: [authority.current.certificate, ...previous] };
    case "keep":
      if (!authority) throw new Error("there is no authority to be kept");
      return { ...authority, previous };
  }
}

/** All that certificates are to be checked by, in PEM: what signs first. */
export function trustOf({ current, next, previous }: Authority): string {
  return [current.certificate, ...(next ? [next.certificate] : []), ...previous].join("");
}

/** Values of the Secret that keeps authorities, by its keys. */
export function authorityData(authorities: ReadonlyMap<string, Authority>): Record<string, string> {
  return Object.fromEntries(
    [...authorities].flatMap(([name, { current, next, previous }]) => [
      [`${name}.crt`, current.certificate],
      [`${name}.key`, current.key],
      ...(next
        ? [
            [`${name}.next.crt`, next.certificate],
            [`${name}.next.key`, next.key],
          ]
        : []),
      ...(previous.length > 0 ? [[`${name}.previous.crt`, previous.join("")]] : []),
    ]),
  );
}

/**
 * @throws Error naming the key that is no certificate or key; of the value it shows nothing
 */
export function readAuthority(name: string, data: Readonly<Record<string, string>>): Authority | undefined {
  const current = pairOf(name, data);
  if (!current) return undefined;
  const next = pairOf(`${name}.next`, data);
  const previous =
    data[`${name}.previous.crt`]?.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g) ?? [];
  for (const certificate of previous) parsed(`${name}.previous.crt`, certificate);
  return { current, ...(next && { next }), previous: [...previous] };
}

function pairOf(name: string, data: Readonly<Record<string, string>>): Pair | undefined {
  const certificate = data[`${name}.crt`];
  const key = data[`${name}.key`];
  if (certificate === undefined || key === undefined) return undefined;
  parsed(`${name}.crt`, certificate);
  return { certificate, key };
}

function parsed(key: string, certificate: string): X509Certificate {
  try {
    return new X509Certificate(certificate);
  } catch {
    throw new Error(`\`${key}\` is no certificate`);
  }
}

export const endOf = (certificate: string): number => Date.parse(new X509Certificate(certificate).validTo);
const beginningOf = (certificate: string): number => Date.parse(new X509Certificate(certificate).validFrom);
