import type { Store } from '@whence/store';
import type { Route } from '../api/endpoint.ts';
import type { FindingsFile } from '../findings/rule-settings.ts';
import { askedFindings } from './findings/asked-findings.ts';
import { deliveriesRoute } from './findings/deliveries.ts';
import { findingListRoute } from './findings/finding-list.ts';
import { muteListRoute, muteRoute, unmuteRoute } from './findings/mutes.ts';
import { acknowledgeRoute, findingRoute } from './findings/one-finding.ts';
import { ruleListRoute, ruleRoute } from './findings/rules.ts';

/** Everything below `/v1/findings`; words of their own before `{id}`. */
export const findingRoutes = (store: Store, file: FindingsFile): readonly Route[] => {
  const asked = askedFindings(store, file);
  return [
    findingListRoute(asked),
    ruleListRoute(asked),
    ruleRoute(asked),
    muteListRoute(asked),
    muteRoute(asked),
    unmuteRoute(asked),
    deliveriesRoute(asked),
    findingRoute(asked),
    acknowledgeRoute(asked),
  ];
};
