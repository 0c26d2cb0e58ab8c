import { mount } from "./explore.js";
import { httpTransport } from "./parts.js";
history.replaceState(null, "", "/");
mount(document.querySelector(".scanpath-explore"), httpTransport());
