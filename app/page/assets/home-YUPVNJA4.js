function r(){return document.hidden?Promise.resolve():new Promise(e=>requestAnimationFrame(()=>setTimeout(e)))}await r();await import("./home-start-H2YX4U6N.js");
