import type {
  CouponAdminServiceDefinition,
  CouponHoldServiceDefinition,
  CouponServiceDefinition,
} from '@moa/contracts/coupon/v1/coupon_service';
import type { Implementation } from '@moa/kit';
import type { Context } from '../service.js';
import { addToIssueList } from './add-to-issue-list.js';
import { claimCoupon } from './claim-coupon.js';
import { commitCoupons } from './commit-coupons.js';
import { createCampaign } from './create-campaign.js';
import { createIssueList } from './create-issue-list.js';
import { endCampaign } from './end-campaign.js';
import { generateCodes } from './generate-codes.js';
import { getCampaign } from './get-campaign.js';
import { getCampaignStats } from './get-campaign-stats.js';
import { getIssueJob } from './get-issue-job.js';
import { grantCoupon } from './grant-coupon.js';
import { listCampaigns } from './list-campaigns.js';
import { listClaimableCampaigns } from './list-claimable-campaigns.js';
import { listCodes } from './list-codes.js';
import { listCouponsForMyPage } from './list-coupons-for-my-page.js';
import { listMyCoupons } from './list-my-coupons.js';
import { pauseCampaign } from './pause-campaign.js';
import { quoteDiscount } from './quote-discount.js';
import { redeemCode } from './redeem-code.js';
import { releaseCoupons } from './release-coupons.js';
import { reserveCoupons } from './reserve-coupons.js';
import { resumeCampaign } from './resume-campaign.js';
import { returnCoupons } from './return-coupons.js';
import { revokeCoupon } from './revoke-coupon.js';
import { startIssueList } from './start-issue-list.js';
import { updateCampaign } from './update-campaign.js';

export const couponService = (context: Context): Implementation<typeof CouponServiceDefinition> => ({
  listMyCoupons: listMyCoupons(context),
  listClaimableCampaigns: listClaimableCampaigns(context),
  redeemCode: redeemCode(context),
  claimCoupon: claimCoupon(context),
  quoteDiscount: quoteDiscount(context),
});

export const couponAdminService = (context: Context): Implementation<typeof CouponAdminServiceDefinition> => ({
  createCampaign: createCampaign(context),
  updateCampaign: updateCampaign(context),
  getCampaign: getCampaign(context),
  listCampaigns: listCampaigns(context),
  pauseCampaign: pauseCampaign(context),
  resumeCampaign: resumeCampaign(context),
  endCampaign: endCampaign(context),
  generateCodes: generateCodes(context),
  listCodes: listCodes(context),
  grantCoupon: grantCoupon(context),
  createIssueList: createIssueList(context),
  addToIssueList: addToIssueList(context),
  startIssueList: startIssueList(context),
  getIssueJob: getIssueJob(context),
  revokeCoupon: revokeCoupon(context),
  getCampaignStats: getCampaignStats(context),
});

export const couponHoldService = (context: Context): Implementation<typeof CouponHoldServiceDefinition> => ({
  reserveCoupons: reserveCoupons(context),
  commitCoupons: commitCoupons(context),
  releaseCoupons: releaseCoupons(context),
  returnCoupons: returnCoupons(context),
  listCouponsForMyPage: listCouponsForMyPage(context),
});
