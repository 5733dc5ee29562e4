// Three sellers register, and an admin lets them in.

import { pages } from '@moa/client/node';
import { Role } from '@moa/contracts/options/v1/options';
import { Seller_State } from '@moa/contracts/seller/v1/seller';
import { anotherNumber } from '../business-number.js';
import type { SellerData } from '../data.js';
import { type Person, reasonOf } from '../people.js';
import { makeRandom } from '../random.js';
import type { Stage } from '../stage.js';

export async function openSellers(stage: Stage, admin: Person, sellers: readonly SellerData[]): Promise<Map<string, Person>> {
  const people = await Promise.all(
    sellers.map(async (seller) => {
      const person = await stage.signUp(`seller-${seller.key}`);
      await register(person, seller, seller.businessNumber);
      return [seller.key, person] as const;
    }),
  );
  await approveAll(admin, new Set(people.map(([, person]) => person.accountId)));
  // The role comes by event, and counts from the next token on.
  for (const [, person] of people)
    await stage.until('a seller has the role', async () => (await person.signIn()).includes(Role.ROLE_SELLER));
  return new Map(people);
}

/** On a stack that has heard the story before the number is taken, and the seller comes with another. */
async function register(person: Person, seller: SellerData, businessNumber: string): Promise<void> {
  const { companyName, representative, settlementAccount } = seller;
  try {
    await person.moa.sellers.registerSeller({ companyName, businessNumber, representativeName: representative, settlementAccount });
  } catch (error) {
    if (reasonOf(error) !== 'BUSINESS_NUMBER_TAKEN') throw error;
    await register(person, seller, anotherNumber(businessNumber, makeRandom(Date.now())));
  }
}

async function approveAll(admin: Person, waiting: ReadonlySet<string>): Promise<void> {
  const { sellers } = admin.moa;
  const pending = pages(
    (request) => sellers.listSellers(request),
    { state: Seller_State.STATE_PENDING },
    (page) => page.sellers,
  );
  for await (const { id } of pending) {
    if (waiting.has(id)) await sellers.approveSeller({ sellerId: id });
  }
}
