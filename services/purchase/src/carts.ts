// Carts, in Redis: each is a hash of its own with a time to live. They are nobody's only copy of anything that matters; without Redis there are
// none, and everything else goes on. A guest's cart is found by a token of which only the hash is kept.
import { createHash, randomBytes } from 'node:crypto';
import { kitFail, type Redis } from '@moa/kit';
import { type KeptItem, MOST_ITEMS } from './domain/cart.js';
import { fail } from './errors.js';

const DAY_MS = 86_400_000;
const PERSONS_MS = 30 * DAY_MS;
const GUESTS_MS = 7 * DAY_MS;
const TOKEN_BYTES = 32;
const AWAY_RETRY_MS = 1_000;

/** Whose cart it is. */
export type CartOwner = { readonly accountId: string } | { readonly guestToken: string };

export interface Carts {
  read(owner: CartOwner): Promise<KeptItem[]>;
  /** Puts so many in, or none. Throws CART_FULL. */
  set(owner: CartOwner, variantId: string, quantity: number, seenPriceMinor: bigint, atMs: number): Promise<void>;
  /** Remembers what its owner has seen. */
  seen(owner: CartOwner, prices: ReadonlyMap<string, bigint>): Promise<void>;
  remove(owner: CartOwner, variantIds: readonly string[]): Promise<void>;
  clear(owner: CartOwner): Promise<void>;
  /** Moves a guest's items into a person's cart: of what is in both, the larger quantity counts. Once; the guest's is gone. */
  merge(guestToken: string, accountId: string): Promise<void>;
  lifetimeMsOf(owner: CartOwner): number;
}

export const newGuestToken = (): string => randomBytes(TOKEN_BYTES).toString('base64url');

// An item is "quantity:seen price:time"; the price is empty until it was seen.
const SET = `
  local known = redis.call('HGET', KEYS[1], ARGV[1])
  if ARGV[2] == '0' then
    redis.call('HDEL', KEYS[1], ARGV[1])
  else
    if not known and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[5]) then return 'FULL' end
    local time = known and string.match(known, ':(%d+)$') or ARGV[4]
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ':' .. ARGV[3] .. ':' .. time)
  end
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
  return 'OK'`;
// Only of what is still there: an item that was taken out meanwhile does not come back.
const SEEN = `
  for i = 2, #ARGV, 2 do
    local known = redis.call('HGET', KEYS[1], ARGV[i])
    if known then
      local quantity, time = string.match(known, '^(%d+):%d*:(%d+)$')
      redis.call('HSET', KEYS[1], ARGV[i], quantity .. ':' .. ARGV[i + 1] .. ':' .. time)
    end
  end
  redis.call('PEXPIRE', KEYS[1], ARGV[1])`;
const MERGE = `
  local guest = redis.call('HGETALL', KEYS[1])
  for i = 1, #guest, 2 do
    local known = redis.call('HGET', KEYS[2], guest[i])
    local quantity = tonumber(string.match(guest[i + 1], '^(%d+)'))
    if known then
      if quantity > tonumber(string.match(known, '^(%d+)')) then
        redis.call('HSET', KEYS[2], guest[i], quantity .. string.match(known, '^%d+(.*)$'))
      end
    elseif redis.call('HLEN', KEYS[2]) < tonumber(ARGV[1]) then
      redis.call('HSET', KEYS[2], guest[i], guest[i + 1])
    end
  end
  redis.call('DEL', KEYS[1])
  redis.call('PEXPIRE', KEYS[2], ARGV[2])`;

interface CartCommands extends Redis {
  setCartItem(...given: (string | number)[]): Promise<'OK' | 'FULL'>;
  seeCart(...given: (string | number)[]): Promise<null>;
  mergeCarts(...given: (string | number)[]): Promise<null>;
}

export function openCarts(redis: Redis, prefix: string): Carts {
  redis.defineCommand('setCartItem', { numberOfKeys: 1, lua: SET });
  redis.defineCommand('seeCart', { numberOfKeys: 1, lua: SEEN });
  redis.defineCommand('mergeCarts', { numberOfKeys: 2, lua: MERGE });
  const carts = redis as CartCommands;
  const personKey = (accountId: string) => `${prefix}cart:${accountId}`;
  const guestKey = (token: string) => `${prefix}guest-cart:${createHash('sha256').update(token).digest('base64url')}`;
  const keyOf = (owner: CartOwner) => ('accountId' in owner ? personKey(owner.accountId) : guestKey(owner.guestToken));
  const lifetimeMsOf = (owner: CartOwner) => ('accountId' in owner ? PERSONS_MS : GUESTS_MS);
  const orAway = <T>(command: Promise<T>): Promise<T> =>
    command.catch(() => {
      throw kitFail('SERVICE_UNAVAILABLE', {}, { retryAfterMs: AWAY_RETRY_MS });
    });

  return {
    lifetimeMsOf,
    async read(owner) {
      return Object.entries(await orAway(redis.hgetall(keyOf(owner)))).map(([variantId, item]) => itemOf(variantId, item));
    },
    async set(owner, variantId, quantity, seenPriceMinor, atMs) {
      const given = [variantId, quantity, String(seenPriceMinor), atMs, MOST_ITEMS, lifetimeMsOf(owner)];
      if ((await orAway(carts.setCartItem(keyOf(owner), ...given))) === 'FULL') throw fail('CART_FULL', { most: MOST_ITEMS });
    },
    async seen(owner, prices) {
      if (prices.size === 0) return;
      const given = [...prices].flatMap(([variantId, price]) => [variantId, String(price)]);
      await orAway(carts.seeCart(keyOf(owner), lifetimeMsOf(owner), ...given));
    },
    async remove(owner, variantIds) {
      await orAway(redis.hdel(keyOf(owner), ...variantIds));
    },
    async clear(owner) {
      await orAway(redis.del(keyOf(owner)));
    },
    async merge(guestToken, accountId) {
      await orAway(carts.mergeCarts(guestKey(guestToken), personKey(accountId), MOST_ITEMS, PERSONS_MS));
    },
  };
}

function itemOf(variantId: string, item: string): KeptItem {
  const [quantity, price, time] = item.split(':') as [string, string, string];
  return { variantId, quantity: Number(quantity), seenPriceMinor: price === '' ? null : BigInt(price), addTimeMs: Number(time) };
}
