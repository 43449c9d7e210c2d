// Workload model: the attributes that any home lets leave with a trace, besides those a specification names (RT-25). Pure.

/** Of a span: OpenTelemetry's conventions for how a request went, from which maps of calls are drawn. None can hold what users said. */
export const spanAttributes: readonly string[] = [
  "error.type",
  "http.request.method",
  "http.response.status_code",
  "http.route",
  "rpc.method",
  "rpc.service",
  "rpc.system",
  "server.address",
  "server.port",
];

/** Of the process that made it; a command line, for one, could hold a secret. */
export const resourceAttributes: readonly string[] = [
  "deployment.environment.name",
  "service.instance.id",
  "service.name",
  "service.namespace",
  "service.version",
  "telemetry.sdk.language",
  "telemetry.sdk.name",
  "telemetry.sdk.version",
];
