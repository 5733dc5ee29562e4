// A paid pledge may be reviewed; one whose money went back may not any more.
import { PledgeChargedBack, PledgePaid, PledgeRefunded } from '@moa/contracts/funding/v1/funding_events';
import { on, type Subscription } from '@moa/kit';
import type { Models } from '../store/models.js';
import { saveRight } from '../store/rights.js';

const learn = (type: typeof PledgePaid | typeof PledgeRefunded | typeof PledgeChargedBack, givenBack: boolean): Subscription<Models> =>
  on<PledgePaid, Models>(type as typeof PledgePaid, ({ pledgeId, projectId, backerId }, models, { version }) =>
    saveRight(models, { _id: pledgeId, accountId: backerId, targetKind: 'PROJECT', targetId: projectId, givenBack, version }),
  );

export const onPledgeEvents: Subscription<Models>[] = [
  learn(PledgePaid, false),
  learn(PledgeRefunded, true),
  learn(PledgeChargedBack, true),
];
