"""On the path of a process, so that the stand-in is there in it and in every worker that it starts."""

import stand_in

stand_in.plug_in()
