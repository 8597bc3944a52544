"use strict";
const button = document.getElementById("menu-button");
const menu = document.getElementById("menu");
button.addEventListener("click", () => {
  menu.hidden = !menu.hidden;
  button.setAttribute("aria-expanded", String(!menu.hidden));
});
document.getElementById("year").textContent = String(new Date().getFullYear());
