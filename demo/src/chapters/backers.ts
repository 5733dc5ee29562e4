// A crowd arrives: everybody signs up, says what is of interest and leaves a card.

import { atOnce } from '../at-once.js';
import type { Backer } from '../cast.js';
import { ownWrite, type Person } from '../people.js';
import type { Stage } from '../stage.js';

// Passwords are made slow to guess, so auth takes two at a time.
const CROWD = 8;
const CARD_GOOD_FOR_YEARS = 5;

export interface Guest {
  readonly backer: Backer;
  readonly person: Person;
  readonly billingMethodId: string;
}

export function welcome(stage: Stage, backers: readonly Backer[]): Promise<Guest[]> {
  return atOnce(CROWD, backers, async (backer) => {
    const person = await stage.signUp(`backer-${backer.nth}`);
    const users = person.moa.users;
    // The profile is made when the event of the sign-up arrives.
    const { profile } = await stage.whileRefused('PROFILE_NOT_FOUND', () => users.getProfile({}));
    const change = { name: backer.name, phone: '', interestCategories: [...backer.interests] };
    await ownWrite(
      () => users.updateProfile({ profile: change, updateMask: ['name', 'interest_categories'], etag: profile?.etag ?? '' }),
      async () => (await users.getProfile({})).profile?.name === backer.name,
    );
    return { backer, person, billingMethodId: await leaveCard(stage, person, backer.cardNumber) };
  });
}

/** The billing method's id. */
export async function leaveCard(stage: Stage, person: Person, cardNumber: string): Promise<string> {
  const expiryYear = stage.now().getUTCFullYear() + CARD_GOOD_FOR_YEARS;
  const { billingMethod } = await person.moa.payments.registerBillingMethod({ cardNumber, expiryMonth: 12, expiryYear });
  if (!billingMethod) throw new Error('no billing method came back');
  return billingMethod.id;
}
