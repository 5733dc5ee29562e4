// What a seller plans of options, variants and prices: the rules that span fields.
import { type FieldViolation, invalid } from '@moa/kit';
import { fail } from '../errors.js';
import type { Product, ProductOption } from './product.js';

export const VARIANTS_AT_MOST = 100;
export const VALUES_AT_MOST = 50;

export interface Price {
  readonly currencyCode: string;
  readonly amountMinor: bigint;
}

export interface VariantPlan {
  readonly optionValues: readonly string[];
  readonly price: Price;
  readonly compareAtPrice: Price | undefined;
}

type Refuse = (field: string, description: string) => void;

/** Throws with each field at fault. */
export function checkNewProduct(options: readonly ProductOption[], variants: readonly VariantPlan[]): void {
  refusing((refuse) => {
    options.forEach(({ name, values }, index) => {
      if (options.findIndex((option) => option.name === name) < index) refuse(`options[${index}].name`, 'is the name of another option');
      values.forEach((value, place) => {
        if (values.indexOf(value) < place) refuse(`options[${index}].values[${place}]`, 'is there twice');
      });
    });
    const combinations = new Set<string>();
    variants.forEach((variant, index) => {
      const at = `variants[${index}]`;
      checkValueCount(refuse, at, options, variant);
      variant.optionValues.slice(0, options.length).forEach((value, option) => {
        if (!options[option]!.values.includes(value)) refuse(`${at}.option_values[${option}]`, `is no value of ${options[option]!.name}`);
      });
      const combination = combinationOf(variant);
      if (combinations.has(combination)) refuse(`${at}.option_values`, 'is the combination of another variant');
      combinations.add(combination);
      checkPrices(refuse, at, variants[0]!.price.currencyCode, variant);
    });
  });
}

/** The options with the values that a new variant adds to them. Throws with each field at fault. */
export function addVariant({ options, variants, currency }: Product, variant: VariantPlan): ProductOption[] {
  if (variants.length >= VARIANTS_AT_MOST) throw fail('VARIANTS_TOO_MANY', { limit: VARIANTS_AT_MOST });
  return refusing((refuse) => {
    checkValueCount(refuse, 'variant', options, variant);
    if (variants.some((other) => combinationOf(other) === combinationOf(variant)))
      refuse('variant.option_values', 'is the combination of another variant');
    checkPrices(refuse, 'variant', currency, variant);
    return options.map(({ name, values }, index) => {
      const value = variant.optionValues[index];
      if (value === undefined || values.includes(value)) return { name, values };
      if (values.length >= VALUES_AT_MOST)
        refuse(`variant.option_values[${index}]`, `would be more than ${VALUES_AT_MOST} values of ${name}`);
      return { name, values: [...values, value] };
    });
  });
}

/** Throws with each field at fault. */
export function checkVariantPrices(currency: string, prices: Pick<VariantPlan, 'price' | 'compareAtPrice'>): void {
  refusing((refuse) => checkPrices(refuse, 'variant', currency, prices));
}

function checkValueCount(refuse: Refuse, at: string, options: readonly ProductOption[], { optionValues }: VariantPlan): void {
  if (optionValues.length !== options.length) refuse(`${at}.option_values`, `must be ${options.length}, one for each option`);
}

function checkPrices(
  refuse: Refuse,
  at: string,
  currency: string,
  { price, compareAtPrice }: Pick<VariantPlan, 'price' | 'compareAtPrice'>,
): void {
  if (price.amountMinor <= 0n) refuse(`${at}.price.amount_minor`, 'must be greater than 0');
  if (price.currencyCode !== currency) refuse(`${at}.price.currency_code`, `must be ${currency}, as of the other variants`);
  if (!compareAtPrice) return;
  if (compareAtPrice.currencyCode !== currency) refuse(`${at}.compare_at_price.currency_code`, `must be ${currency}, as of the price`);
  if (compareAtPrice.amountMinor <= price.amountMinor) refuse(`${at}.compare_at_price.amount_minor`, 'must be higher than the price');
}

const combinationOf = ({ optionValues }: Pick<VariantPlan, 'optionValues'>): string => JSON.stringify(optionValues);

// Runs checks to their end, so that each field at fault is told at once.
function refusing<T>(check: (refuse: Refuse) => T): T {
  const violations: FieldViolation[] = [];
  const result = check((field, description) => violations.push({ field, description }));
  if (violations.length > 0) throw invalid(violations);
  return result;
}
