// A completed line may be reviewed; one that was given back may not any more.
import { OrderCompleted, OrderReturned } from '@moa/contracts/purchase/v1/purchase_events';
import { on, type Subscription } from '@moa/kit';
import type { Models } from '../store/models.js';
import { saveRight, saveSeller } from '../store/rights.js';

const learn = (type: typeof OrderCompleted | typeof OrderReturned, givenBack: boolean): Subscription<Models> =>
  on<Pick<OrderCompleted, 'buyerId' | 'lines'>, Models>(type as typeof OrderCompleted, async ({ buyerId, lines }, models, { version }) => {
    for (const { lineId, productId, sellerId } of lines) {
      await saveSeller(models, productId, sellerId);
      await saveRight(models, { _id: lineId, accountId: buyerId, targetKind: 'PRODUCT', targetId: productId, givenBack, version });
    }
  });

export const onOrderEvents: Subscription<Models>[] = [learn(OrderCompleted, false), learn(OrderReturned, true)];
