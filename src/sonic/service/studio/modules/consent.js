// The statement that is stored with every job.

import { byId } from "./dom.js";
import { text } from "./language.js";

export const consentGiven = () => byId("consent").checked;
export const consentStatement = () => text("consent.statement");
