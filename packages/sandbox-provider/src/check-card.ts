// Whether a card can be used, as the API and the page ask it.
import { type Behaviour, behaviourOf, brandOf, isCardNumber } from './cards.js';
import { ApiError } from './http.js';

/** What is kept of a card. */
interface CheckedCard {
  readonly brand: string;
  readonly last4: string;
  readonly behaviour: Behaviour;
}

/** Throws `card_number_invalid`, `card_expired` and `card_refused`, each with its field. */
export function checkCard(numberAsTyped: string, expiryMonth: number, expiryYear: number, now: Date): CheckedCard {
  const cardNumber = numberAsTyped.replaceAll(/[ -]/g, '');
  if (!isCardNumber(cardNumber)) throw new ApiError(400, 'card_number_invalid', 'The card number is not valid.', 'cardNumber');
  // A card is good to the end of its month.
  if (Date.UTC(expiryYear, expiryMonth) <= now.getTime()) throw new ApiError(400, 'card_expired', 'The card has expired.', 'expiryYear');
  const behaviour = behaviourOf(cardNumber);
  if (behaviour.kind === 'REFUSED_AT_REGISTRATION') throw new ApiError(402, 'card_refused', 'The issuer refused the card.', 'cardNumber');
  return { brand: brandOf(cardNumber), last4: cardNumber.slice(-4), behaviour };
}
