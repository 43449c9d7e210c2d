// AWS components: what alarms of several homes have in common: how long something lasts before they ring, and what is watched of any service. Pure (SA-12, RT-5).
import type { Service } from "../../workload/workload";
import type { Alarm } from "./metric-alarm";

/** Three minutes of five: one slow minute wakes nobody. */
export const threeOfFive = { period: 60, evaluationPeriods: 5, datapointsToAlarm: 3 };
export const quarterHour = { period: 300, evaluationPeriods: 3, datapointsToAlarm: 3 };

/** A metric in percent of what the replicas may use; 85 is where a service has grown as far as it can. */
export function utilisationAlarm(of: {
  namespace: string;
  metricName: string;
  dimensions: Alarm["dimensions"];
}): Alarm {
  return {
    alarmDescription: `${of.metricName} above 85 % for a quarter of an hour: scaling has reached its end`,
    ...of,
    statistic: "Average",
    comparisonOperator: "GreaterThanThreshold",
    threshold: 85,
    ...quarterHour,
    // Without replicas there is no utilisation; that they are missing is another alarm's.
    treatMissingData: "notBreaching",
  };
}

/**
 * The restart budget is used up (RT-5).
 * @param consequence what follows, such as `the service must be stopped`
 * @param metricQueries of which one returns the restarts within the window of the budget, of this many seconds
 */
export function restartAlarm(
  { lifecycle: { restartBudget } }: Pick<Service, "lifecycle">,
  consequence: string,
  metricQueries: (seconds: number) => Alarm["metricQueries"],
): Alarm {
  const { restarts, windowMinutes } = restartBudget;
  return {
    alarmDescription: `more than ${restarts} restarts in ${windowMinutes} minutes: ${consequence} (RT-5)`,
    metricQueries: metricQueries(windowMinutes * 60),
    comparisonOperator: "GreaterThanThreshold",
    threshold: restarts,
    evaluationPeriods: 1,
    datapointsToAlarm: 1,
    treatMissingData: "notBreaching",
  };
}
