import type { UserServiceDefinition } from '@moa/contracts/user/v1/user_service';
import type { Handler } from '@moa/kit';
import { pledgesToProto, profileToProto } from '../convert.js';
import { couponsToProto, ordersToProto, reviewsToProto } from '../convert-my-page.js';
import { balanceToProto, entryToProto } from '../convert-points.js';
import { expiringHorizon } from '../domain/points.js';
import type { Context } from '../service.js';
import { findCoupons } from '../store/coupon-copies.js';
import { findOrders } from '../store/order-copies.js';
import { findPledges } from '../store/pledge-copies.js';
import { findBalance, listEntries } from '../store/point-lists.js';
import { findFreshTime, findProfile } from '../store/profiles.js';
import { findReviews } from '../store/review-rights.js';

/** Of each kind. */
const NEWEST = 20;
const EXPIRING_MS = 7 * 86_400_000;

type GetMyPage = Handler<typeof UserServiceDefinition.methods.getMyPage>;

// Nobody else is asked, so that a page opens whoever is away. The address is left out: no event carries it.
export const getMyPage =
  ({ db }: Context): GetMyPage =>
  async (_, { caller: { accountId }, at }) => {
    // Read first: what comes in meanwhile makes the page fresher than it says.
    const freshTime = await findFreshTime(db);
    const [profile, orders, pledges, coupons, balance, entries, reviews] = await Promise.all([
      findProfile(db.client, accountId),
      findOrders(db, accountId, NEWEST),
      findPledges(db, accountId),
      findCoupons(db, accountId, at, new Date(at.getTime() + EXPIRING_MS), NEWEST),
      findBalance(db, accountId, at, expiringHorizon(at)),
      listEntries(db, accountId, undefined, NEWEST),
      findReviews(db, accountId, NEWEST),
    ]);
    return {
      profile: profileToProto(profile, ''),
      orders: ordersToProto(orders),
      pledges: pledgesToProto(pledges),
      coupons: couponsToProto(coupons),
      points: { balance: balanceToProto(balance), newest: entries.map(entryToProto) },
      reviews: reviewsToProto(reviews),
      freshTime,
    };
  };
