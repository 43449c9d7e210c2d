// AWS components: the parameters every PostgreSQL of the platform has (SA-6, PF-7). Pure.

export interface PostgresParameter {
  name: string;
  value: string;
  /** `pending-reboot` for static parameters; default `immediate`. */
  applyMethod?: "immediate" | "pending-reboot";
}

/** Set whatever a caller asks for. Values bound to a query never reach a log. */
const enforced: readonly PostgresParameter[] = [
  { name: "rds.force_ssl", value: "1" },
  { name: "ssl_min_protocol_version", value: "TLSv1.2" },
  { name: "password_encryption", value: "scram-sha-256" },
  { name: "log_connections", value: "1" },
  { name: "log_disconnections", value: "1" },
  { name: "log_statement", value: "ddl" },
  { name: "log_parameter_max_length", value: "0" },
  { name: "log_parameter_max_length_on_error", value: "0" },
];

/**
 * The enforced parameters and `extra`, as RDS takes them.
 * @throws Error if `extra` sets one that is enforced.
 */
export function withEnforced(extra: readonly PostgresParameter[]): PostgresParameter[] {
  for (const { name } of extra)
    if (enforced.some(parameter => parameter.name === name))
      throw new Error(`\`parameters\` sets \`${name}\`, which the platform enforces`);
  return [...enforced, ...extra].map(parameter => ({ applyMethod: "immediate", ...parameter }));
}
