// Config: where secrets stand, in any mode. A test holds this list against the schemas.

export const secretPlaces = ["alarms.pagerDuty", "siem.accessKey", "secrets.*.*"] as const;
